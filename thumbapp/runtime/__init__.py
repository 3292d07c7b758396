"""Starting and stopping: the way to Redis, the embedded server, and `up` that watches over all."""
