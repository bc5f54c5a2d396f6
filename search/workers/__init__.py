"""Search processes beside the server."""
