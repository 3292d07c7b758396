"""The task queue: the one Huey, what travels through it, and the workers that empty it."""
