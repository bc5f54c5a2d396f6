"""Relevance test cases and ranking measures."""
