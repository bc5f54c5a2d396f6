"""Keeps the index up to date, checks it for damage, and rebuilds it."""
