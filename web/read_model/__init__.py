"""What pages and API read: records of one generation. Knows no Flask."""
