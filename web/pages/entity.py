"""The page of an entity, the data of its neighbourhood's drawing, and the lists of entities of a class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from flask import Response, jsonify, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from graph.errors import IndexUnusable, InputError, UnknownEntity
from graph.iri import digest
from graph.model import EntityView, Fact, FactGroup
from web.http.request_deadline import request_deadline
from web.pages.documents import read
from web.pages.links import href, page_path, with_query
from web.pages.relation_order import label_from_here, relations
from web.read_model.formatting import short
from web.read_model.reader import Atlas, Edge, Neighbourhood, Node, Similar

__all__ = ["by_iri", "by_path", "members", "neighbours"]

FACTS_UNFOLDED: Final = 8
"""Facts of a relation shown before “show all”."""

PASSAGES_PER_PAGE: Final = 8
SIMILAR_SHOWN: Final = 6
KINDS_SHOWN: Final = 4
"""Classes of the entity named below its label."""

NODES_SHOWN: Final = 40
NODES_DRAWN: Final = 25
"""Nodes of the drawing at first; readers add the neighbours of a node."""

MAX_NODES: Final = 120
MEMBERS_PER_PAGE: Final = 150


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """One line of the neighbourhood's list: a neighbour, and its relations to the entity in words."""

    node: Node
    relations: tuple[str, ...]


def by_iri(atlas: Atlas) -> str | BaseResponse:
    """GET /entity?iri=…"""
    iri = request.args.get("iri", "").strip()
    if not iri:
        raise InputError("No IRI was given.", "Write it as /entity?iri=…, or search for a name.")
    path = page_path(iri, atlas.base)
    return redirect(path, 302) if path.startswith("/page/") else _page(atlas, iri)


def by_path(atlas: Atlas, name: str) -> str | BaseResponse:
    """GET /page/<kind>/<slug>"""
    if "/" not in name:
        raise NotFound
    return read(atlas, atlas.base + name) if name.startswith("document/") else _page(atlas, atlas.base + name)


def _page(atlas: Atlas, iri: str) -> str:
    entity = atlas.entity(iri)
    neighbourhood = atlas.neighbourhood(iri, NODES_SHOWN)
    disagreements = atlas.disagreements(iri)
    inverses = _inverses(atlas, entity)
    separate = {disagreement.iri for disagreement in disagreements}  # shown in sections of their own
    ordered = relations(entity.groups, inverses)
    named = [group for group in ordered.named if any(fact.value.value not in separate for fact in group.facts)]
    start = _number("passages", 0)
    return render_template(
        "entity.html",
        entity=entity,
        kinds=[(value, atlas.has_members(value.value)) for value in entity.types[:KINDS_SHOWN]],
        stated=ordered.stated,
        named=named,
        codes=ordered.codes,
        details=atlas.details(tuple(_linked((*ordered.stated, *named), entity.disputed))),
        from_here=partial(label_from_here, inverses=inverses),
        disagreements=disagreements,
        passages=atlas.passages_mentioning(iri, PASSAGES_PER_PAGE, start),
        start=start,
        step=PASSAGES_PER_PAGE,
        near=[line for line in _neighbours(neighbourhood, iri, inverses) if line.node.entity.iri not in separate],
        near_total=neighbourhood.total,
        similar=_similar(atlas, iri),
        graph_address=lambda limit: with_query("/entity/neighbours", iri=iri, limit=limit),
        drawn=NODES_DRAWN,
        first=FACTS_UNFOLDED,
        more_query=lambda group: with_query("/sparql", query=_all_of(iri, group)),
        describe=with_query(
            "/sparql", query=f"DESCRIBE <{iri}>" if entity.groups or entity.types or entity.disputed else _uses_of(iri)
        ),
    )


def _similar(atlas: Atlas, iri: str) -> tuple[Similar, ...]:
    """Similar entities; none while the index is rebuilt, or for an IRI that is not indexed."""
    try:
        return atlas.similar(iri, SIMILAR_SHOWN, request_deadline(request.environ))
    except (IndexUnusable, UnknownEntity):
        return ()


def _uses_of(iri: str) -> str:
    """A query for the triples of which the IRI is the relation or the graph."""
    return f"""SELECT ?subject ?relation ?object ?graph WHERE {{
  {{ ?subject <{iri}> ?object BIND(<{iri}> AS ?relation) }}
  UNION {{ GRAPH ?graph {{ ?subject <{iri}> ?object }} BIND(<{iri}> AS ?relation) }}
  UNION {{ GRAPH <{iri}> {{ ?subject ?relation ?object }} BIND(<{iri}> AS ?graph) }}
}}
LIMIT 1000"""


def _all_of(iri: str, group: FactGroup) -> str:
    """A query for all facts of a group that is too long for the page."""
    pattern = (
        f"<{iri}> <{group.predicate}> ?entry" if group.direction == "out" else f"?entry <{group.predicate}> <{iri}>"
    )
    return f"SELECT ?entry WHERE {{ {pattern} }}"


def _linked(groups: Iterable[FactGroup], disputed: Iterable[Fact]) -> Iterator[str]:
    """The entities that the page links to."""
    for fact in (*(fact for group in groups for fact in group.facts), *disputed):
        if fact.value.kind == "iri":
            yield fact.value.value


def _inverses(atlas: Atlas, entity: EntityView) -> dict[str, str]:
    """Relation → its label read from the object, for relations with such a label."""
    predicates = (*(g.predicate for g in entity.groups), *(f.predicate for f in entity.disputed))
    refs = atlas.refs(tuple(dict.fromkeys(predicates)))
    labels = [(g.predicate, g.direction, g.label) for g in entity.groups]
    labels += [(f.predicate, f.direction, f.predicate_label) for f in entity.disputed]
    return {
        predicate: label
        for predicate, direction, label in labels
        if direction == "in" and predicate in refs and refs[predicate].label != label
    }


def _neighbours(neighbourhood: Neighbourhood, iri: str, inverses: dict[str, str]) -> list[_Neighbour]:
    labels: dict[str, list[str]] = {}
    for edge in neighbourhood.edges:
        if iri in (edge.source, edge.target) and edge.source != edge.target:
            other = edge.target if edge.source == iri else edge.source
            inverse = label_from_here(edge.predicate, inverses) or f"as its “{edge.label}”"
            labels.setdefault(other, []).append(edge.label if edge.source == iri else inverse)
    return [_Neighbour(node, tuple(dict.fromkeys(labels.get(node.entity.iri, ())))) for node in neighbourhood.nodes[1:]]


def _number(name: str, default: int, maximum: int = 1_000_000) -> int:
    raw = request.args.get(name, "")
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10):
        raise InputError(f"“{name}” is “{raw[:40]}”.", "Give a whole number from 0.")
    return min(int(raw), maximum)


def neighbours(atlas: Atlas) -> Response:
    """GET /entity/neighbours?iri=…: nodes and edges of the drawing. `degree` counts neighbours in the whole graph."""
    neighbourhood = atlas.neighbourhood(request.args.get("iri", ""), _number("limit", NODES_SHOWN, MAX_NODES))
    return jsonify(
        nodes=[_node(node, atlas.base) for node in neighbourhood.nodes],
        edges=[_edge(edge) for edge in neighbourhood.edges if edge.source != edge.target],
        total=neighbourhood.total,
    )


def _node(node: Node, base: str) -> dict[str, Any]:
    entity = node.entity
    return {
        "id": entity.iri,
        "label": short(entity.label, 80),
        "tone": entity.tone,
        "degree": node.degree,
        "href": href(entity.iri, base),
        "neighbours": with_query("/entity/neighbours", iri=entity.iri, limit=20),
    }


def _edge(edge: Edge) -> dict[str, str]:
    name = digest(edge.source, edge.predicate, edge.target)
    return {"id": name, "source": edge.source, "target": edge.target, "label": edge.label}


def members(atlas: Atlas) -> str:
    """GET /browse?kind=…: the entities of a class, by name; without a class, the list of classes."""
    kind, start = request.args.get("kind", ""), _number("start", 0)
    overview = atlas.overview()
    entities = atlas.members(kind, MEMBERS_PER_PAGE, start) if kind else None
    if entities is not None and not entities.total:
        raise NotFound
    return render_template(
        "browse.html",
        empty=atlas.is_empty(),
        kind=atlas.refs((kind,))[kind] if kind else None,
        entities=entities,
        kinds=overview.kinds,
        start=start,
        step=MEMBERS_PER_PAGE,
    )
