"""Command line: one module per command or pair of commands."""
