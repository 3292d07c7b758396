"""Pictures: what may be read, what to make of them, and making it. Knows no web, queue or Redis."""
