"""The words of a query as they were written, by the stems and exact words that an explanation names."""

from __future__ import annotations

from search.analysis.tokens import query_words
from search.index.stemmer import Stems

__all__ = ["written_words"]


def written_words(text: str, stems: Stems) -> dict[str, str]:
    """Stem, or exact word → how the query writes it; the first of several spellings."""
    found: dict[str, str] = {}
    for word in query_words(text):
        written = text[word.start : word.end]
        found.setdefault(word.text, written)
        for stem in stems.of(written):
            found.setdefault(stem, written)
    return found
