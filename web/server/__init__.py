"""The HTTP server: a stock server, one ASGI application on it, and Flask behind that."""
