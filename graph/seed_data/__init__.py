"""Starter atlas: a data folder is checked, expanded into claims, and built as a generation."""
