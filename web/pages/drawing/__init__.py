"""Drawings for pages: charts, maps, networks, ontology diagrams."""
