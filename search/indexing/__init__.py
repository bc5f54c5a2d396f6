"""Brings the index up to date with the graph."""
