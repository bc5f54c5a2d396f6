"""What to say when nothing was found: another spelling, or which condition left nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Final

from search.lexical import LexicalIndex
from search.matched import DEEPEST
from search.parse import content_words, parse
from search.types import Filters, Query
from search.ways import Count
from search.words import exact_words

__all__ = ["is_strange", "past_the_end", "respelt", "why_nothing"]

_LEAST_LETTERS: Final = 4
_NEAR: Final = 0.8  # normalised Indel similarity
_WORDS: Final = 8  # of a query that are respelt
_SAME: Final = 4  # letters at the beginning that the forms of a word share
_SHOWN: Final = 60  # letters of a value in a sentence


def respelt(text: str, lexical: LexicalIndex) -> str | None:
    """The text with its unknown words as the collection spells them; None when there is none, or none is near."""
    parsed = parse(text)
    changed = text
    for word in _unknown(parsed.text, lexical)[:_WORDS]:
        better = _nearest(word, lexical)
        if better is None:
            continue
        for found in exact_words(changed):
            if found.text == word:
                changed = changed[: found.start] + better + changed[found.end :]
                break
    return changed if changed != text else None


def is_strange(text: str, lexical: LexicalIndex) -> bool:
    """Whether no content word of the text is known, though the stem of one may be."""
    words = content_words([word.text for word in exact_words(text)])
    if not words or any(lexical.document_frequency("exact", word) for word in words):
        return False
    return len(_unknown(text, lexical)) == len(words)


def why_nothing(query: Query, lexical: LexicalIndex, count: Count) -> str | None:
    """One sentence on what left nothing. `count`: how many results another query has."""
    parsed = parse(query.text)
    for phrase in parsed.phrases:
        words = " ".join(phrase)
        if not count(Query(f'"{words}"', mode="lexical")).count:
            return f"No text here has the phrase “{words[:_SHOWN]}”."
    if query.filters and (said := _narrowed(query, count)):
        return said
    if parsed.excluded and count(replace(query, text=parsed.text)).count:
        return f"All that matches holds a word that you left out: “{' '.join(parsed.excluded[0])[:_SHOWN]}”."
    unknown = _unknown(parsed.text, lexical)
    if unknown:
        written = {word.text: parsed.text[word.start : word.end] for word in exact_words(parsed.text)}
        named = ", ".join(_quoted(written.get(word, word)[:_SHOWN]) for word in unknown[:3])
        return f"No text here has {named}, and none is near in meaning."
    return None


def _narrowed(query: Query, count: Count) -> str | None:
    """Which of the filters left nothing."""
    filters = query.filters
    for name, values in filters.values().items():
        rest = count(replace(query, limit=0, facets=False, filters=replace(filters, **{name: ()})))  # type: ignore[arg-type]
        if rest.count:
            return f"Nothing passes {name} = {values[0][:_SHOWN]}; without that there would be {rest}."
    if filters.date_from or filters.date_to:
        rest = count(replace(query, filters=replace(filters, date_from=None, date_to=None)))
        if rest.count:
            return f"Nothing is dated so; without the dates there would be {rest}."
    if filters.without:
        rest = count(replace(query, filters=replace(filters, without=())))
        if rest.count:
            name, _, value = filters.without[0].partition(":")
            return (
                f"All that matches has what you left out, {name} = {value[:_SHOWN]}; with that there would be {rest}."
            )
    if count(replace(query, filters=Filters())).count:
        return "Nothing passes all the filters together; without them there are results."
    return None


def _quoted(word: str) -> str:
    """In quotation marks; what is written from right to left is set apart, or the sentence around it is reordered."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in word):
        return f"“\u2068{word}\u2069”"
    return f"“{word}”"


def past_the_end(offset: int, total: int) -> str:
    """One sentence on a page without results where there are `total`."""
    if offset >= DEEPEST and total > DEEPEST:
        return f"There are {total:,} results; only the first {DEEPEST:,} are listed. Narrow the search for the others."
    there = "is 1 result" if total == 1 else f"are {total:,} results"
    return f"There {there}; this page lies past the last of them."


def _unknown(text: str, lexical: LexicalIndex) -> list[str]:
    """The content words that no unit has."""
    return [
        word
        for word in content_words([word.text for word in exact_words(text)])
        if not lexical.document_frequency("exact", word) and not _is_inflected(word, lexical)
    ]


def _is_inflected(word: str, lexical: LexicalIndex) -> bool:
    """Whether another form of the word is known, which begins as it does: "acces" has the stem of ACC by chance."""
    known = {stem for stem in lexical.stems.of(word) if lexical.document_frequency("text", stem)}
    begun = word[: min(_SAME, len(word) - 1)]
    return bool(known) and any(known.intersection(lexical.stems.of(held)) for held in lexical.words(begun))


def _nearest(word: str, lexical: LexicalIndex) -> str | None:
    """The collection's word most like this one that begins with the same letter; the more frequent of equals."""
    from rapidfuzz import fuzz, process

    if len(word) < _LEAST_LETTERS or not word.isalpha():
        return None
    known = [held for held in lexical.words(word[0]) if abs(len(held) - len(word)) <= 2 and held.isalpha()]
    found = process.extract(word, known, scorer=fuzz.ratio, score_cutoff=100 * _NEAR, limit=5)
    if not found:
        return None
    return str(max(found, key=lambda match: (round(match[1]), lexical.document_frequency("exact", match[0])))[0])
