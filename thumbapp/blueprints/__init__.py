"""What the web answers: thin views over the parts below."""
