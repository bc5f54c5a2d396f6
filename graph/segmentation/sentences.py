"""Sentences as spans of a text; those with more word pieces than an encoder reads are cut between words."""

from __future__ import annotations

from collections.abc import Iterator

from graph.segmentation.token_estimate import weighted_words

__all__ = ["Piece", "pieces", "sentence_spans"]

Piece = tuple[int, int, float]
"""(start, end, weight); the weight is the estimated number of word pieces."""


def sentence_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of the sentences between two offsets, by nupunkt, in order, without surrounding blanks."""
    from nupunkt import sent_spans  # 0.08 s and its model; only when there is text to cut

    for first, last in sent_spans(text[start:end]):
        sentence = text[start + first : start + last]
        stripped = sentence.strip()
        if stripped:
            begin = start + first + sentence.index(stripped[0])
            yield begin, begin + len(stripped)


def pieces(text: str, start: int, end: int, limit: float) -> Iterator[Piece]:
    """Sentences between two offsets as pieces of at most `limit`; a heavier one becomes several."""
    for first, last in sentence_spans(text, start, end):
        yield from _cut(text, first, last, limit)


def _cut(text: str, start: int, end: int, limit: float) -> Iterator[Piece]:
    """Pieces of one sentence, cut between words, and within a word that alone exceeds the limit."""
    weight, begin, reached = 0.0, start, start
    for first, last, cost in weighted_words(text, start, end):
        if weight + cost > limit and weight:
            yield begin, reached, weight
            weight, begin = 0.0, first
        if cost > limit:
            step = max(1, int((last - first) * limit / cost))
            while last - first > step:
                yield first, first + step, limit
                first += step
            begin, cost = first, cost * (last - first) / max(1, last - begin)
        weight += cost
        reached = last
    # Marks that are no words (combining signs, blanks of other scripts) become part of the last piece.
    if end > begin:
        yield begin, end, weight
