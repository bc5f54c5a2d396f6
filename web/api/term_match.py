"""Which terms fit what is being typed: by label, by the other words for them, by prefixed name."""

from __future__ import annotations

from collections.abc import Iterable

from web.read_model.reader import Term

__all__ = ["matching"]


def matching(terms: Iterable[Term], text: str) -> list[Term]:
    """Best first, and among equals the most used; what no fact uses comes last. An empty text fits all."""
    asked = text.casefold()
    ranked = ((_rank(each, asked), each) for each in terms)
    found = [(rank, each) for rank, each in ranked if rank is not None]
    return [each for _, each in sorted(found, key=_order)]


def _order(pair: tuple[int, Term]) -> tuple[bool, int, int, str]:
    rank, term = pair
    return not term.count, rank, -term.count, term.label.casefold()


def _rank(term: Term, asked: str) -> int | None:
    """0 best; None where the term does not fit.

    The label goes before other words for it, the start of a name before the start of one of its words.
    """
    if not asked:
        return 0
    name, label = term.name.casefold(), term.label.casefold()
    others = [each.casefold() for each in term.words]
    if ":" in asked:
        return 0 if name.startswith(asked) else None
    local = name.rpartition(":")[2]
    if label.startswith(asked) or local.startswith(asked):
        return 0
    if any(each.startswith(asked) for each in others):
        return 1
    if _inside(label, asked):
        return 2
    if any(_inside(each, asked) for each in others):
        return 3
    return 4 if asked in local else None


def _inside(text: str, asked: str) -> bool:
    return f" {asked}" in text
