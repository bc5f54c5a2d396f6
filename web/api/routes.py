"""The JSON API. Text offsets are Unicode code points; errors are RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import asdict
from functools import partial
from typing import Final

from flask import Blueprint, Response, jsonify, request

from graph.entities.network import neighbourhood, shortest_path
from graph.errors import InputError
from search.types import MAX_OFFSET, Filters, Query
from web.http.request_deadline import request_deadline
from web.read_model.live_reader import GenerationAtlas
from web.read_model.serialise import similar_json, view_json

__all__ = ["blueprint", "search_query"]

_FILTERS: Final = (
    "kind", "type", "theme", "place", "organisation", "programme", "publisher", "reliability", "collection",
)  # fmt: skip
_SEARCH_PARAMETERS: Final = frozenset({*_FILTERS, "q", "limit", "offset", "mode", "from", "to", "facets", "recent"})
MAX_DEPTH: Final = 3
"""Steps from the entity that a neighbourhood may reach."""


Now = Callable[[], GenerationAtlas]
"""Gives the live generation; each request calls it once."""


def blueprint(now: Now) -> Blueprint:
    routes = Blueprint("api", __name__, url_prefix="/api/v1")
    for name, view in (
        ("search", _search),
        ("entity", _entity),
        ("complete", _complete),
        ("similar", _similar),
        ("neighbours", _neighbours),
        ("path", _path),
    ):
        routes.add_url_rule(f"/{name}", name, partial(view, now))
    return routes


def search_query(arguments: Mapping[str, Sequence[str]]) -> Query:
    """The search that the parameters describe. Raises InputError for unknown, missing or malformed ones."""
    _known(arguments, _SEARCH_PARAMETERS)
    first = {name: values[0] for name, values in arguments.items()}
    return Query(
        text=_required("q", first),
        limit=_integer("limit", 10, given=first),
        offset=min(_integer("offset", 0, given=first), MAX_OFFSET),  # past the end all the same
        mode=first.get("mode", "hybrid"),  # type: ignore[arg-type]  # Query checks it
        filters=Filters(
            **{name: tuple(arguments[name]) for name in _FILTERS if name in arguments},
            date_from=first.get("from") or None,
            date_to=first.get("to") or None,
        ),
        facets=_flag("facets", first),
        recent=_flag("recent", first),
    )


def _search(now: Now) -> Response:
    arguments = request.args.to_dict(flat=False)  # looked up for a missing name, `args` raises and catches an exception
    body = now().search_json(search_query(arguments), request_deadline(request.environ))
    return Response(body, mimetype="application/json")


def _entity(now: Now) -> Response:
    _known(request.args, {"iri"})
    return jsonify(view_json(now().entity(_required("iri"))))


def _complete(now: Now) -> Response:
    """Entity names that start with what was typed."""
    _known(request.args, {"q", "limit"})
    atlas = now()
    limit = _integer("limit", 10, minimum=1, maximum=50)
    completions = atlas.complete(request.args.get("q", ""), limit, request_deadline(request.environ))
    refs = atlas.refs(tuple(item.iri for item in completions))
    return jsonify([{**asdict(item), "kind": refs[item.iri].kind} for item in completions])


def _similar(now: Now) -> Response:
    _known(request.args, {"iri", "limit"})
    iri, limit = _required("iri"), _integer("limit", 8, minimum=1, maximum=50)
    return jsonify(similar_json(now().similar(iri, limit, request_deadline(request.environ))))


def _neighbours(now: Now) -> Response:
    _known(request.args, {"iri", "depth", "limit"})
    iri, depth = _required("iri"), _integer("depth", 1, minimum=1, maximum=MAX_DEPTH)
    snapshot = now().view.snapshot
    graph = neighbourhood(snapshot, iri, depth=depth, limit=_integer("limit", 120, minimum=1, maximum=500))
    return jsonify(
        nodes=[{"iri": name, "label": data["label"]} for name, data in graph.nodes(data=True)],
        edges=[
            {"from": start, "to": end, "predicate": data["predicate"], "label": data["label"]}
            for start, end, data in graph.edges(data=True)
        ],
    )


def _path(now: Now) -> Response:
    _known(request.args, {"from", "to"})
    start, end = _required("from"), _required("to")
    snapshot = now().view.snapshot
    path = shortest_path(snapshot, start, end)
    return jsonify(
        {
            "from": start,
            "to": end,
            "found": path is not None,
            "length": None if path is None else len(path),
            "path": [
                {
                    "subject": {"iri": subject, "label": snapshot.label(subject)},
                    "predicate": {"iri": predicate, "label": snapshot.label(predicate)},
                    "object": {"iri": obj, "label": snapshot.label(obj)},
                }
                for subject, predicate, obj in path or ()
            ],
        }
    )


def _known(values: Iterable[str], names: Set[str]) -> None:
    """Raises InputError for an unknown parameter: ignored silently, it would seem to have had its effect."""
    unknown = sorted(name for name in values if name not in names)
    if unknown:
        raise InputError(f"“{unknown[0][:40]}” is not a parameter.", f"Use some of: {', '.join(sorted(names))}.")


def _flag(name: str, arguments: Mapping[str, str]) -> bool:
    value = arguments.get(name, "")
    if value not in ("", "0", "1"):
        raise InputError(f"“{name}” is {value[:40]!r}.", f"Use {name}=1, or {name}=0 as if it were left out.")
    return value == "1"


def _required(name: str, arguments: Mapping[str, str] | None = None) -> str:
    value = (request.args if arguments is None else arguments).get(name, "").strip()
    if not value:
        raise InputError(f"The parameter “{name}” is missing or empty.", f"Give it: ?{name}=…")
    return value


def _integer(
    name: str,
    default: int,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    given: Mapping[str, str] | None = None,
) -> int:
    raw = (request.args if given is None else given).get(name)
    if raw is None or raw == "":
        return default
    try:
        value = int(raw)
    except ValueError as error:
        raise InputError(f"“{name}” is {raw[:40]!r}.", "Give a whole number.") from error
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        raise InputError(f"“{name}” is {raw[:40]}.", f"Give a whole number from {minimum} to {maximum}.")
    return value
