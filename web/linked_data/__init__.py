"""Linked data: resources by content negotiation, dataset description, downloads."""
