"""The results page: what was asked, what was found, and the ways to narrow it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from graph.errors import InputError
from search.types import MAX_QUERY, Filters, Query, Results
from web.reads import Atlas, Ref
from web.views.links import with_query
from web.views.templating import plural, ref_of
from web.views.wording import ground_of, word_of

__all__ = ["Choice", "Facet", "search"]

ENTITIES_SHOWN: Final = 5
PASSAGES_SHOWN: Final = 10
ALONE: Final = 20
"""Hits on a page that shows one kind only."""

_LABELS: Final = {
    "type": "Kind",
    "theme": "Theme",
    "place": "Place",
    "programme": "Programme",
    "organisation": "Organisation",
    "year": "Year",
    "publisher": "Publisher",
    "reliability": "Reliability",
    "collection": "Collection",
}
"""The facets that are offered, in this order."""

_FILTERS: Final = tuple(name for name in _LABELS if name != "year")
_MOST: Final = 8
"""Values of a facet that are offered."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to narrow the results, or, among those chosen, to widen them again. `count` is None there."""

    label: str
    address: str
    count: int | None = None
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    passages: Results | None
    entities: Results | None

    @property
    def faceted(self) -> Results | None:
        return self.passages or self.entities


def search(atlas: Atlas) -> tuple[str, int]:
    """GET /search. Without a query it is a page to start from."""
    asked = _cleaned(request.args)
    text, kind = asked.get("q", ""), asked.get("kind", "")
    problem: InputError | None = None
    found = _Found(None, None)
    if text:
        try:
            found = _find(atlas, asked)
        except InputError as error:
            problem = error
    refs = atlas.refs(tuple(_met(found, asked)))
    page = render_template(
        "search.html",
        text=text[:MAX_QUERY],
        kind=kind,
        found=found,
        corrected=found.faceted.corrected if found.faceted else None,
        hint=found.faceted.hint if found.faceted else None,
        exact=atlas.find(text) if text and not problem else None,
        problem=problem,
        refs=refs,
        facets=_facets(found.faceted, asked, refs),
        chosen=_chosen(asked, refs),
        tabs=_tabs(asked),
        pages=_pages(found, asked),
        asked=asked,
        collections=atlas.collections(),
        overview=None if text else atlas.overview(),
    )
    return page, problem.status if problem else 200


def _cleaned(args: MultiDict[str, str]) -> MultiDict[str, str]:
    """Only the parameters that mean something, without the empty ones."""
    known = {"q", "kind", "from", "to", "start", *_FILTERS}
    pairs = ((name, value.strip()) for name, value in args.items(multi=True) if name in known)
    return MultiDict([(name, value) for name, value in pairs if value])


def _find(atlas: Atlas, asked: MultiDict[str, str]) -> _Found:
    kind = asked.get("kind", "")
    query = Query(
        text=asked["q"],
        limit=ALONE,
        offset=_start(asked),
        filters=Filters(
            kind=(kind,) if kind else (),
            date_from=asked.get("from"),
            date_to=asked.get("to"),
            **{name: tuple(asked.getlist(name)) for name in _FILTERS},
        ),
        facets=True,
    )
    if kind == "entity":
        return _Found(None, atlas.search(query))
    if kind == "passage":
        return _Found(atlas.search(query), None)
    both = replace(query, limit=PASSAGES_SHOWN, filters=replace(query.filters, kind=("passage",)))
    few = replace(query, limit=ENTITIES_SHOWN, offset=0, facets=False, filters=replace(query.filters, kind=("entity",)))
    return _Found(atlas.search(both), None if query.offset else atlas.search(few))


def _start(asked: MultiDict[str, str]) -> int:
    raw = asked.get("start", "0")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise InputError(f"“{raw[:40]}” is no place in the results.", "Results are counted from 0.")
    return int(raw)


def _met(found: _Found, asked: MultiDict[str, str]) -> Iterable[str]:
    """Every IRI that the page will show."""
    for results in (found.passages, found.entities):
        for hit in results.hits if results else ():
            if hit.kind == "entity":
                yield hit.iri
        for values in results.facets.values() if results else ():
            yield from (value.value for value in values if ":" in value.value)
    yield from (value for name in _FILTERS for value in asked.getlist(name) if ":" in value)


def _label(name: str, value: str, refs: dict[str, Ref]) -> str:
    if name == "reliability":
        return word_of(value)
    label = ref_of(value, refs).label if ":" in value else value
    return plural(label) if name == "type" else label


def _facets(results: Results | None, asked: MultiDict[str, str], refs: dict[str, Ref]) -> list[Facet]:
    facets = []
    for name, heading in _LABELS.items():
        values = results.facets.get(name, ()) if results else ()
        taken = {asked.get("from")} & {asked.get("to")} if name == "year" else set(asked.getlist(name))
        choices = [
            Choice(
                _label(name, value.value, refs),
                _narrowed(asked, name, value.value),
                value.count,
                ground_of(value.value) if name == "reliability" else "",
            )
            for value in values
            # A value that every result has would narrow nothing.
            if value.value and value.value not in taken and results and value.count < results.total
        ]
        if choices:
            facets.append(Facet(heading, tuple(choices[:_MOST])))
    return facets


def _address(asked: MultiDict[str, str], **changed: str | list[str] | None) -> str:
    pairs = {name: asked.getlist(name) for name in asked if name != "start"}
    return with_query("/search", **{**pairs, **changed})


def _narrowed(asked: MultiDict[str, str], name: str, value: str) -> str:
    if name == "year":
        return _address(asked, **{"from": value, "to": value})
    return _address(asked, **{name: [*asked.getlist(name), value]})


def _chosen(asked: MultiDict[str, str], refs: dict[str, Ref]) -> list[Choice]:
    """What already narrows the results; following one takes it away."""
    found = [
        Choice(
            f"{_LABELS[name]}: {_label(name, value, refs)}",
            _address(asked, **{name: [other for other in asked.getlist(name) if other != value]}),
        )
        for name in _FILTERS
        for value in asked.getlist(name)
    ]
    start, end = asked.get("from"), asked.get("to")
    if start or end:
        words = start if start == end else f"{start or '…'} to {end or '…'}"
        found.append(Choice(f"Date: {words}", _address(asked, **{"from": None, "to": None})))
    return found


def _tabs(asked: MultiDict[str, str]) -> list[tuple[str, str, bool]]:
    """(label, address, whether it is the current one)."""
    kind = asked.get("kind", "")
    return [
        (label, _address(asked, kind=value), kind == value)
        for label, value in (("Everything", ""), ("Passages", "passage"), ("Entries", "entity"))
    ]


def _pages(found: _Found, asked: MultiDict[str, str]) -> tuple[str | None, str | None]:
    """Addresses of the previous and the next page."""
    results = found.faceted
    if results is None:
        return None, None
    start, step = _start(asked), ALONE if asked.get("kind") else PASSAGES_SHOWN
    back = str(max(0, start - step)) if start else None
    on = str(start + step) if start + step < results.total and results.hits else None
    addresses = [_address(asked, start=None if place == "0" else place) if place else None for place in (back, on)]
    return addresses[0], addresses[1]
