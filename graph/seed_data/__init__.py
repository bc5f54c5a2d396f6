"""The starter atlas: reads a `data/`-style folder and builds a generation from it."""
