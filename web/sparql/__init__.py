"""The SPARQL endpoints: query, update, Graph Store Protocol."""
