"""Query pool: queues, scheduling, result cache, and the handles of worker processes."""
