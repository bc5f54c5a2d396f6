"""The process that writes, and its handle in the server."""
