"""The results page: the query, its hits, and the ways to narrow or widen it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from graph.errors import InputError
from search.ranking.result_set import MAX_RESULTS
from search.types import MAX_QUERY_CHARS, FacetValue, Filters, Query, Results, SearchSuggestion
from web.http.problems import status_of
from web.http.request_deadline import request_deadline
from web.pages.links import with_query
from web.pages.templating import plural, ref_of
from web.pages.wording import ground_of, reliability_word
from web.read_model.reader import Atlas, Ref

__all__ = ["Choice", "Facet", "search"]

HITS_PER_PAGE: Final = 15

_FACETS: Final = {
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
"""Facet → its heading, in the order of the page."""

_FILTERS: Final = tuple(name for name in _FACETS if name != "year")

VALUES_PER_FACET: Final = 8
MAX_PLACE_DEPTH: Final = 2
"""Steps by which a place is indented under others."""

_CONTROL_CHARACTERS: Final = dict.fromkeys([*range(32), *range(127, 160)], " ")
"""No page may hold them."""

Parameters = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """A link that narrows the results; among the chosen filters, one that widens them again, without a `count`.

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
    """A heading with the values that can narrow the results."""

    label: str
    choices: tuple[Choice, ...]


def search(atlas: Atlas) -> tuple[str, int]:
    """GET /search. Without a query it is a page to start from."""
    parameters = _cleaned(request.args)
    text = parameters.get("q", "")
    is_empty = atlas.is_empty()
    problem: InputError | None = None
    results: Results | None = None
    if text and not is_empty:
        try:
            results = atlas.search(_query(parameters), request_deadline(request.environ))
        except InputError as error:
            problem = error
    refs = atlas.refs(tuple(_iris_shown(results, parameters)))
    page = render_template(
        "search.html",
        empty=is_empty,
        text=text[:MAX_QUERY_CHARS],
        kind=parameters.get("kind", ""),
        results=results,
        exact=atlas.find(text) if results else None,
        problem=problem,
        refs=refs,
        facets=_facets(atlas, results, parameters, refs=refs),
        chosen=_chosen_filters(parameters, refs),
        suggestions=[_suggestion(suggestion, parameters, refs) for suggestion in results.ways] if results else [],
        corrected=_address(parameters, q=results.corrected) if results and results.corrected else None,
        respelled=_address(parameters, q=results.suggestion) if results and results.suggestion else None,
        tabs=_tabs(results, parameters),
        pages=_pages(results, parameters),
        start=_start(parameters) if results else 0,
        parameters=parameters,
        collections=atlas.collections(),
        overview=None if text else atlas.overview(),
    )
    return page, status_of(problem) if problem else 200


def _cleaned(arguments: Parameters) -> Parameters:
    """The parameters that the page knows, without empty ones and control characters."""
    known = {"q", "kind", "from", "to", "start", *_FILTERS}
    pairs = (
        (name, value.translate(_CONTROL_CHARACTERS).strip())
        for name, value in arguments.items(multi=True)
        if name in known
    )
    return MultiDict([(name, value) for name, value in pairs if value])


def _query(parameters: Parameters) -> Query:
    """Raises InputError for a text that is too long, and for filters that make no sense."""
    kind = parameters.get("kind", "")
    return Query(
        text=parameters["q"],
        limit=HITS_PER_PAGE,
        offset=_start(parameters),
        filters=Filters(
            kind=(kind,) if kind else (),
            date_from=parameters.get("from"),
            date_to=parameters.get("to"),
            **{name: tuple(parameters.getlist(name)) for name in _FILTERS},
        ),
        facets=True,
    )


def _start(parameters: Parameters) -> int:
    raw = parameters.get("start", "0")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise InputError(f"“start” is “{raw[:40]}”.", "Give a whole number from 0.")
    return int(raw)


def _iris_shown(results: Results | None, parameters: Parameters) -> Iterable[str]:
    """Every IRI whose label the page shows."""
    if results:
        yield from (hit.iri for hit in results.hits if hit.kind == "entity")
        for values in results.facets.values():
            yield from (value.value for value in values if ":" in value.value)
        yield from (suggestion.value for suggestion in results.ways if suggestion.field and ":" in suggestion.value)
    yield from (value for name in _FILTERS for value in parameters.getlist(name) if ":" in value)


def _label(name: str, value: str, refs: dict[str, Ref]) -> str:
    if name == "reliability":
        return reliability_word(value)
    label = ref_of(value, refs).label if ":" in value else value
    return plural(label) if name == "type" else label


def _facets(atlas: Atlas, results: Results | None, parameters: Parameters, *, refs: dict[str, Ref]) -> list[Facet]:
    if results is None:
        return []
    facets = []
    for name, heading in _FACETS.items():
        values = _narrowing_values(name, results, parameters)
        nested = _nested_places(atlas, values) if name == "place" else [(value, 0) for value in values]
        choices = tuple(
            Choice(
                label=_label(name, value.value, refs),
                address=_narrowed_address(parameters, name, value.value),
                count=value.count,
                ground=ground_of(value.value) if name == "reliability" else "",
                depth=depth,
                is_floor=results.total_is_floor,
            )
            for value, depth in nested
        )
        if choices:
            facets.append(Facet(heading, choices))
    return facets


def _narrowing_values(name: str, results: Results, parameters: Parameters) -> list[FacetValue]:
    """The first values of a facet that are not chosen yet; one that every result has would narrow nothing."""
    chosen = {parameters.get("from")} & {parameters.get("to")} if name == "year" else set(parameters.getlist(name))
    values = results.facets.get(name, ())
    narrowing = (v for v in values if v.value and v.value not in chosen and v.count < results.total)
    return list(narrowing)[:VALUES_PER_FACET]


def _nested_places(atlas: Atlas, values: list[FacetValue]) -> list[tuple[FacetValue, int]]:
    """Places under the places that they lie in, each with its depth, from 0."""
    parents = atlas.within(tuple(value.value for value in values))
    nested: dict[str, tuple[FacetValue, int]] = {}

    def add(value: FacetValue, depth: int) -> None:
        nested[value.value] = (value, min(depth, MAX_PLACE_DEPTH))
        for child in values:
            if parents.get(child.value) == value.value and child.value not in nested:
                add(child, depth + 1)

    for value in values:
        if value.value not in parents:
            add(value, 0)
    for value in values:  # places that lie in one another in a circle
        nested.setdefault(value.value, (value, 0))
    return list(nested.values())


def _suggestion(suggestion: SearchSuggestion, parameters: Parameters, refs: dict[str, Ref]) -> Choice:
    """A link to a search that finds something: it leaves out part of this one."""
    field, value = suggestion.field, suggestion.value
    omitted = f"“{value}”"
    if field:
        omitted = f"{_FACETS.get(field, field.capitalize())}: {_label(field, value, refs)}"
    if suggestion.kind == "filter":
        label = f"Without {omitted}"
        address = _address(parameters, **{field: [other for other in parameters.getlist(field) if other != value]})
    elif suggestion.kind == "dates":
        label, address = "Without the dates", _address(parameters, **{"from": None, "to": None})
    elif suggestion.kind == "filters":
        label, address = "Without all of these limits", with_query("/search", q=suggestion.text)
    else:
        label = f"Without {omitted}" if value else suggestion.text
        address = _address(parameters, q=suggestion.text)
    return Choice(label, address, suggestion.count, is_floor=suggestion.count_is_floor)


def _address(parameters: Parameters, **changed: str | list[str] | None) -> str:
    """The first page of these results with some parameters changed."""
    pairs = {name: parameters.getlist(name) for name in parameters if name != "start"}
    return with_query("/search", **{**pairs, **changed})


def _narrowed_address(parameters: Parameters, name: str, value: str) -> str:
    if name == "year":
        return _address(parameters, **{"from": value, "to": value})
    return _address(parameters, **{name: [*parameters.getlist(name), value]})


def _chosen_filters(parameters: Parameters, refs: dict[str, Ref]) -> list[Choice]:
    """The filters that narrow the results; each link removes one."""
    choices = [
        Choice(
            f"{_FACETS[name]}: {_label(name, value, refs)}",
            _address(parameters, **{name: [other for other in parameters.getlist(name) if other != value]}),
        )
        for name in _FILTERS
        for value in parameters.getlist(name)
    ]
    start, end = parameters.get("from"), parameters.get("to")
    if start or end:
        words = start if start == end else f"{start or '…'} to {end or '…'}"
        choices.append(Choice(f"Date: {words}", _address(parameters, **{"from": None, "to": None})))
    return choices


def _tabs(results: Results | None, parameters: Parameters) -> list[tuple[str, str, bool, int | None]]:
    """(label, address, whether it is the current one, number of results where it is known)."""
    kind = parameters.get("kind", "")
    counts: dict[str, int] = {}
    if results and not kind:
        by_kind = {value.value: value.count for value in results.facets.get("kind", ())}
        counts = {"": results.total, "passage": 0, "entity": 0, **by_kind}
    return [
        (label, _address(parameters, kind=value), kind == value, counts.get(value))
        for label, value in (("Everything", ""), ("Passages", "passage"), ("Entries", "entity"))
    ]


def _pages(results: Results | None, parameters: Parameters) -> tuple[str | None, str | None]:
    """Addresses of the previous and the next page."""
    if results is None:
        return None, None
    start = _start(parameters)
    listed = min(results.total, MAX_RESULTS)
    previous = str(max(0, min(start, listed) - HITS_PER_PAGE)) if start else None
    following = str(start + HITS_PER_PAGE) if start + HITS_PER_PAGE < listed and results.hits else None
    addresses = [
        _address(parameters, start=None if offset == "0" else offset) if offset else None
        for offset in (previous, following)
    ]
    return addresses[0], addresses[1]
