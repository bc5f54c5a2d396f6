"""Reading a `data/`-style folder: ontology, sources, entities, claims, policy notes, example queries."""
