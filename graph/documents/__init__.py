"""Readers of documents, one per format: a file becomes readings. Begin with `graph.documents.read.read`."""
