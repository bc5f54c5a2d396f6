"""Capitalisation rule: when a written form may stand for a label.

- A label with capitals is matched with those capitals ("Bath", not "bath"), or in capitals throughout ("NESTA").
- A label without any, or with that of a sentence's first word only ("Access to finance"), is matched in any case.
- A label that is also an everyday word ("Reading", "Place") is matched in the middle of a sentence only, and not
  beside another capitalised word, because both may be parts of one name; a lower-case altLabel ("screen") is never
  matched.
- A small word written with a capital as part of a larger name ("School of Science") is not matched.
- An acronym that is also a word ("IT", "SIGN") is not matched in text that is all in capitals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from graph.linking.label_forms import Form, is_acronym
from graph.linking.normalise import Word

__all__ = ["Fit", "fits", "sentence_start"]

Fit = Literal["exact", "shouted", "no"]

_STOPS: Final = frozenset(".!?:;•…|")
_LINKS: Final = frozenset({"of", "for"})
MAX_ACRONYM_CHARS: Final = 4


def fits(form: Form, tokens: Sequence[Word], first: int, last: int, text: str = "") -> Fit:
    """How well the tokens `first` to `last` (exclusive), which spell the form, fit its capitals.

    `shouted`: they are all in capitals where the label is not.
    """
    if form.common and not _common_word_fits(form, tokens, first, text):
        return "no"
    if form.any_case:
        return "no" if last - first == 1 and _in_larger_name(tokens, first, text) else "exact"
    written = [word.raw for word in tokens[first:last]]
    if all(_same_capitals(raw, label) for raw, label in zip(written, form.raws, strict=True)):
        return "exact"
    if not all(raw.isupper() for raw in written if any(map(str.isalpha, raw)) and raw != "and"):
        return "no"
    # "AIM" alone is probably an acronym, and not "Aim" in capitals, unless its neighbours are in capitals too.
    short = last - first == 1 and len(written[0]) <= MAX_ACRONYM_CHARS
    return "shouted" if not short or _shouting(tokens, first, last) else "no"


def sentence_start(tokens: Sequence[Word], first: int, text: str = "") -> bool:
    """Whether the token begins a sentence, a line or the text, so that its capital means nothing."""
    if first == 0 or tokens[first - 1].norm in _STOPS:
        return True
    return "\n" in text[tokens[first - 1].end : tokens[first].start] if text else False


def _common_word_fits(form: Form, tokens: Sequence[Word], first: int, text: str) -> bool:
    raw = tokens[first].raw
    if form.any_case:
        return form.rank == 0
    if is_acronym(form.raws[0]):
        return not _shouting(tokens, first, first + 1)
    if sentence_start(tokens, first, text):
        return False
    return raw != raw.lower() and not _beside_capital(tokens, first, text)


def _in_larger_name(tokens: Sequence[Word], first: int, text: str) -> bool:
    """Whether a small word is written with a capital as part of a name: "School of Science", "Film Academy"."""
    raw = tokens[first].raw
    if raw.lower() == raw or sentence_start(tokens, first, text):
        return False
    linked = first > 1 and tokens[first - 1].norm in _LINKS and _is_name(tokens[first - 2])
    return linked or _beside_capital(tokens, first, text)


def _beside_capital(tokens: Sequence[Word], first: int, text: str) -> bool:
    """Whether a neighbour is capitalised, other than at the beginning of a sentence."""
    before = tokens[first - 1] if first else None
    after = tokens[first + 1] if first + 1 < len(tokens) else None
    if before is not None and _is_name(before) and not sentence_start(tokens, first - 1, text):
        return True
    return after is not None and _is_name(after)


def _is_name(word: Word) -> bool:
    return word.raw[0].isupper()


def _same_capitals(raw: str, label: str) -> bool:
    """Whether the capitals agree: capitalised words of a label must match exactly, its lower-case words in any case."""
    if raw == label or label == label.lower():
        return True
    # Accents and ligatures may make the lengths differ; then the first letter decides.
    if len(raw) != len(label):
        return raw[0].isupper() == label[0].isupper()
    return all(a.isupper() == b.isupper() for a, b in zip(raw, label, strict=True))


def _shouting(tokens: Sequence[Word], first: int, last: int) -> bool:
    """Whether all neighbours, at least one, are in capitals: then the word is part of a headline, not an acronym."""
    near = [*tokens[max(0, first - 3) : first], *tokens[last : last + 3]]
    plain = [word.raw for word in near if len(word.raw) > 1 and word.raw.isalpha() and word.raw != "and"]
    return bool(plain) and all(raw.isupper() for raw in plain)
