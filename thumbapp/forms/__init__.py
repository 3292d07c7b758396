"""The HTML forms: each turns itself into a value of the domain."""
