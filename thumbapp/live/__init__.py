"""Live updates: events in one capped Redis stream, one listener a process, fan-out to SSE streams."""
