"""Hits, snippets, explanations, and the JSON form of results."""
