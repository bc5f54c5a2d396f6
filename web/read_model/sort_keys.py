"""Sort keys of the cells of a result column: numbers, dates, then labels and words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import pyoxigraph as ox

from graph.storage.snapshot import DEFAULT, Snapshot, term
from web.read_model.formatting import DATE_TYPES, day_number
from web.read_model.result_file import SortKey

__all__ = ["sort_keys"]

MANY_IRIS: Final = 2_000
"""From this number of IRIs on, one pass over all labels is quicker than a look-up for each."""

_PASSAGE: Final = re.compile(r"(.+)/p(\d{1,9})", re.ASCII)
_LITERAL: Final = re.compile(r'"(.*)"(?:@[A-Za-z0-9-]+|\^\^<([^>]*)>)?', re.DOTALL)


def sort_keys(snapshot: Snapshot) -> Callable[[Iterable[bytes]], dict[bytes, SortKey | None]]:
    """Function from the cells of one column to their sort keys."""

    def keys(cells: Iterable[bytes]) -> dict[bytes, SortKey | None]:
        texts = {cell: cell.decode() for cell in cells}
        iris = [text[1:-1] for text in texts.values() if text.startswith("<")]
        label = partial(_label_in, _labels(snapshot)) if len(iris) > MANY_IRIS else snapshot.label
        return {cell: _sort_key(text, label) for cell, text in texts.items()}

    return keys


def _sort_key(text: str, label: Callable[[str], str | None]) -> SortKey | None:
    """Sort key: numbers, then dates, then words. None for an unbound variable, which comes last in both directions."""
    if not text:
        return None
    if text.startswith("<"):
        return (2, 0.0, _collation_key(label(text[1:-1]) or text[1:-1].rstrip("/#").rpartition("/")[2]))
    literal = _LITERAL.fullmatch(text)
    # Turtle writes numbers and booleans without quotation marks.
    value, datatype = (literal[1], literal[2]) if literal else (text, "unquoted")
    if datatype in DATE_TYPES:
        if (days := day_number(value)) is not None:
            return (1, days, "")
    elif datatype and not text.startswith("_:"):
        try:
            number = float(value)
        except ValueError:
            pass
        else:
            return (0, math.inf, "after") if math.isnan(number) else (0, number, "")
    return (2, 0.0, _collation_key(value))


def _collation_key(text: str) -> str:
    """Text for comparison as in a dictionary: without case and accents."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def _label_in(labels: dict[str, str], iri: str) -> str | None:
    """Label of an IRI as by `Snapshot.label`, from a dictionary."""
    label = labels.get(iri)
    if label is None and (passage := _PASSAGE.fullmatch(iri)) and passage[1] in labels:
        return f"{labels[passage[1]]}, passage {int(passage[2]) + 1}"
    return label


def _labels(snapshot: Snapshot) -> dict[str, str]:
    """Every label of the default graph, in one pass; of several, the one that `Snapshot.label` chooses."""
    best: dict[str, tuple[bool, str]] = {}
    for name in ("rdfs:label", "dcterms:title"):
        for quad in snapshot.store.quads_for_pattern(None, term(name), None, DEFAULT):
            if not isinstance(quad.object, ox.Literal) or not quad.object.value.strip():
                continue
            if isinstance(quad.subject, ox.NamedNode):
                is_second_choice = name != "rdfs:label" or quad.object.language not in (None, "en", "en-gb")
                ranked = (is_second_choice, quad.object.value)
                best[quad.subject.value] = min(ranked, best.get(quad.subject.value, ranked))
    return {iri: label for iri, (_, label) in best.items()}
