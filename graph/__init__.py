"""What is true: the RDF store and its generations, entities, claims, documents, SPARQL.

Knows nothing of ranking or HTTP. Import from the modules, not from here.
"""
