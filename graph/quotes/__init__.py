"""Offering quotes: the sentences of an ingested text that its source's claims may rest on."""
