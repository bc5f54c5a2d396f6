"""Metadata of an atlas: ontology, validation by shapes, statistics, description in VoID and DCAT."""
