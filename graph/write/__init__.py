"""Everything that changes the graph: the writer, ingest, RDF import and export, suppression."""
