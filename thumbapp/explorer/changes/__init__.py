"""Every change that a page offers, by the type of its key, as the commands that make it."""
