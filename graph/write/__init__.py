"""Writes: the writer, ingest of documents, load and export of RDF, review of quotes, suppression."""
