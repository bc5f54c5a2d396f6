"""Quotes: sentences of an ingested text that support the claims of its source, proposed and reviewed."""
