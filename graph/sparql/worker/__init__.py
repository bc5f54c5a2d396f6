"""The worker process that evaluates queries, and its protocol."""
