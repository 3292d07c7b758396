"""The value of any key, of any type and size, a page at a time."""
