"""Text analysis for search: tokens, dates, spelling variants, fingerprints."""
