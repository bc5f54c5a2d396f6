"""The results page: what was asked, what was found, and the ways to narrow it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from graph.errors import InputError
from graph.vocabulary import expand
from search.ranking.result_set import MAX_RESULTS
from search.types import MAX_QUERY_CHARS, FacetValue, Filters, Query, Results
from web.pages.links import with_query
from web.pages.templating import plural, ref_of
from web.pages.wording import ground_of, word_of
from web.read_model.reader import Atlas, Ref

__all__ = ["Choice", "Facet", "search"]

SHOWN: Final = 15
"""Hits on a page."""

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

_CONTROLS: Final = dict.fromkeys([*range(32), *range(127, 160)], " ")
"""Control characters: no page may hold them."""

_UNTOLD: Final = {"", expand("ca:Passage")}
"""Values that are no choice: the tabs tell passages from entries."""

_DEEPEST: Final = 2
"""Steps by which a place is set under others."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to narrow the results, or, among those chosen, to widen them again. `count` is None there.

    `depth`: how deep a place lies among the others, from 0. `is_floor`: there may be more than `count`.
    """

    label: str
    address: str
    count: int | None = None
    ground: str = ""
    depth: int = 0
    is_floor: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    label: str
    choices: tuple[Choice, ...]


def search(atlas: Atlas) -> tuple[str, int]:
    """GET /search. Without a query it is a page to start from."""
    asked = _cleaned(request.args)
    text, kind = asked.get("q", ""), asked.get("kind", "")
    problem: InputError | None = None
    found: Results | None = None
    if text:
        try:
            found = _find(atlas, asked)
        except InputError as error:
            problem = error
    refs = atlas.refs(tuple(_met(found, asked)))
    page = render_template(
        "search.html",
        text=text[:MAX_QUERY_CHARS],
        kind=kind,
        found=found,
        exact=atlas.find(text) if text and not problem else None,
        problem=problem,
        refs=refs,
        facets=_facets(atlas, found, asked, refs),
        chosen=_chosen(asked, refs),
        ways=_ways(found, asked, refs),
        corrected=_address(asked, q=found.corrected) if found and found.corrected else None,
        suggestion=_address(asked, q=found.suggestion) if found and found.suggestion else None,
        tabs=_tabs(found, asked),
        pages=_pages(found, asked),
        start=_start(asked) if found else 0,
        asked=asked,
        collections=atlas.collections(),
        overview=None if text else atlas.overview(),
    )
    return page, problem.status if problem else 200


def _cleaned(args: MultiDict[str, str]) -> MultiDict[str, str]:
    """Only the parameters that mean something, without the empty ones."""
    known = {"q", "kind", "from", "to", "start", *_FILTERS}
    pairs = ((name, value.translate(_CONTROLS).strip()) for name, value in args.items(multi=True) if name in known)
    return MultiDict([(name, value) for name, value in pairs if value])


def _find(atlas: Atlas, asked: MultiDict[str, str]) -> Results:
    kind = asked.get("kind", "")
    query = Query(
        text=asked["q"],
        limit=SHOWN,
        offset=_start(asked),
        filters=Filters(
            kind=(kind,) if kind else (),
            date_from=asked.get("from"),
            date_to=asked.get("to"),
            **{name: tuple(asked.getlist(name)) for name in _FILTERS},
        ),
        facets=True,
    )
    return atlas.search(query)


def _start(asked: MultiDict[str, str]) -> int:
    raw = asked.get("start", "0")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise InputError(f"“{raw[:40]}” is no place in the results.", "Results are counted from 0.")
    return int(raw)


def _met(found: Results | None, asked: MultiDict[str, str]) -> Iterable[str]:
    """Every IRI that the page will show."""
    if found:
        yield from (hit.iri for hit in found.hits if hit.kind == "entity")
        for values in found.facets.values():
            yield from (value.value for value in values if ":" in value.value)
        yield from (way.value for way in found.ways if way.field and ":" in way.value)
    yield from (value for name in _FILTERS for value in asked.getlist(name) if ":" in value)


def _label(name: str, value: str, refs: dict[str, Ref]) -> str:
    if name == "reliability":
        return word_of(value)
    label = ref_of(value, refs).label if ":" in value else value
    return plural(label) if name == "type" else label


def _facets(atlas: Atlas, results: Results | None, asked: MultiDict[str, str], refs: dict[str, Ref]) -> list[Facet]:
    facets = []
    for name, heading in _LABELS.items():
        values = results.facets.get(name, ()) if results else ()
        taken = {asked.get("from")} & {asked.get("to")} if name == "year" else set(asked.getlist(name))
        # A value that every result has would narrow nothing.
        offered = [v for v in values if v.value and v.value not in taken and results and v.count < results.total][
            :_MOST
        ]
        placed = _placed(atlas, offered) if name == "place" else [(value, 0) for value in offered]
        choices = [
            Choice(
                _label(name, value.value, refs),
                _narrowed(asked, name, value.value),
                value.count,
                ground_of(value.value) if name == "reliability" else "",
                depth,
                bool(results and results.total_is_floor),
            )
            for value, depth in placed
        ]
        if choices:
            facets.append(Facet(heading, tuple(choices)))
    return facets


def _placed(atlas: Atlas, values: list[FacetValue]) -> list[tuple[FacetValue, int]]:
    """Places under the places that they lie in, each with its depth, from 0."""
    above = atlas.within(tuple(value.value for value in values))
    found: list[tuple[FacetValue, int]] = []

    def put(value: FacetValue, depth: int) -> None:
        found.append((value, min(depth, _DEEPEST)))
        for below in values:
            if above.get(below.value) == value.value and all(below is not each for each, _ in found):
                put(below, depth + 1)

    for value in values:
        if value.value not in above:
            put(value, 0)
    return found + [(value, 0) for value in values if all(value is not each for each, _ in found)]


def _ways(found: Results | None, asked: MultiDict[str, str], refs: dict[str, Ref]) -> list[Choice]:
    """One click each: what to leave out so that something is found."""
    choices = []
    for way in found.ways if found else ():
        left_out = f"“{way.value}”"
        if way.field:
            heading = _LABELS.get(way.field, way.field.capitalize())
            left_out = f"{heading}: {_label(way.field, way.value, refs)}"
        if way.kind == "filter":
            label = f"Without {left_out}"
            rest = [other for other in asked.getlist(way.field) if other != way.value]
            address = _address(asked, **{way.field: rest})
        elif way.kind == "dates":
            label, address = "Without the dates", _address(asked, **{"from": None, "to": None})
        elif way.kind == "filters":
            label, address = "Without all of these limits", with_query("/search", q=way.text)
        else:
            label, address = (f"Without {left_out}" if way.value else way.text), _address(asked, q=way.text)
        choices.append(Choice(label, address, way.count, is_floor=way.count_is_floor))
    return choices


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


def _tabs(found: Results | None, asked: MultiDict[str, str]) -> list[tuple[str, str, bool, int | None]]:
    """(label, address, whether it is the current one, number of results where it is known)."""
    kind = asked.get("kind", "")
    counts: dict[str, int] = {}
    if found and not kind:
        counts = {
            "": found.total,
            "passage": 0,
            "entity": 0,
            **{v.value: v.count for v in found.facets.get("kind", ())},
        }
    return [
        (label, _address(asked, kind=value), kind == value, counts.get(value))
        for label, value in (("Everything", ""), ("Passages", "passage"), ("Entries", "entity"))
    ]


def _pages(found: Results | None, asked: MultiDict[str, str]) -> tuple[str | None, str | None]:
    """Addresses of the previous and the next page."""
    if found is None:
        return None, None
    start = _start(asked)
    listed = min(found.total, MAX_RESULTS)
    back = str(max(0, min(start, listed) - SHOWN)) if start else None
    on = str(start + SHOWN) if start + SHOWN < listed and found.hits else None
    addresses = [_address(asked, start=None if place == "0" else place) if place else None for place in (back, on)]
    return addresses[0], addresses[1]
