"""The index on disk: lexical, dense and forward parts, with checksums and manifest."""
