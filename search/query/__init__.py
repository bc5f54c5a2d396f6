"""From a query text to a parsed query."""
