"""Encoders that turn texts into vectors, and the reranker."""
