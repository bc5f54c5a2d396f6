"""The entity page, the drawing of its neighbourhood, and the lists of entities of a class."""

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
from web.pages.documents import read
from web.pages.links import href, page_path, with_query
from web.pages.relation_order import label_from_here, relations
from web.read_model.formatting import short
from web.read_model.reader import Atlas, Edge, Neighbourhood, Node, Similar

__all__ = ["by_iri", "by_path", "members", "neighbours"]

FACTS_FIRST: Final = 8
"""Facts of a relation that are shown before “show all”."""

PASSAGES_SHOWN: Final = 8
SIMILAR_SHOWN: Final = 6
KINDS_SHOWN: Final = 4
"""Classes of the entity named below its label."""

NODES_SHOWN: Final = 40
NODES_DRAWN: Final = 25
"""Nodes of the drawing at first; more come by asking for a node's neighbours."""

MOST_NODES: Final = 120
MEMBERS_SHOWN: Final = 150


@dataclass(frozen=True, slots=True)
class _Near:
    """One line of the neighbourhood's list: a neighbour, and how it stands to the entry."""

    node: Node
    relations: tuple[str, ...]


def by_iri(atlas: Atlas) -> str | BaseResponse:
    """GET /entity?iri=…"""
    iri = request.args.get("iri", "").strip()
    if not iri:
        raise InputError("No IRI was given.", "Write it as /entity?iri=…, or search for a name.")
    path = page_path(iri, atlas.base)
    return redirect(path, 302) if path.startswith("/page/") else _entry(atlas, iri)


def by_path(atlas: Atlas, name: str) -> str | BaseResponse:
    """GET /page/<kind>/<slug>"""
    if "/" not in name:
        raise NotFound
    return read(atlas, atlas.base + name) if name.startswith("document/") else _entry(atlas, atlas.base + name)


def _entry(atlas: Atlas, iri: str) -> str:
    entity = atlas.entity(iri)
    near = atlas.neighbourhood(iri, NODES_SHOWN)
    disagreements = atlas.disagreements(iri)
    inverses = _inverses(atlas, entity)
    apart = {disagreement.iri for disagreement in disagreements}  # shown in blocks of their own
    told = relations(entity.groups, inverses)
    named = [group for group in told.named if any(fact.value.value not in apart for fact in group.facts)]
    start = _number("passages", 0)
    return render_template(
        "entity.html",
        entity=entity,
        kinds=[(value, atlas.has_members(value.value)) for value in entity.types[:KINDS_SHOWN]],
        stated=told.stated,
        named=named,
        codes=told.codes,
        details=atlas.details(tuple(_linked((*told.stated, *named), entity.disputed))),
        from_here=partial(label_from_here, inverses=inverses),
        disagreements=disagreements,
        passages=atlas.passages_mentioning(iri, PASSAGES_SHOWN, start),
        start=start,
        step=PASSAGES_SHOWN,
        near=[line for line in _lines(near, iri, inverses) if line.node.entity.iri not in apart],
        near_total=near.total,
        alike=_alike(atlas, iri),
        graph_address=lambda limit: with_query("/entity/neighbours", iri=iri, limit=limit),
        drawn=NODES_DRAWN,
        first=FACTS_FIRST,
        more_query=lambda group: with_query("/sparql", query=_all_of(iri, group)),
        describe=with_query("/sparql", query=f"DESCRIBE <{iri}>"),
    )


def _alike(atlas: Atlas, iri: str) -> tuple[Similar, ...]:
    """None where the index is being made anew, or the IRI is no entry: the page does without."""
    try:
        return atlas.similar(iri, SIMILAR_SHOWN)
    except (IndexUnusable, UnknownEntity):
        return ()


def _all_of(iri: str, group: FactGroup) -> str:
    """A query for every fact of a group that is too long for the page."""
    pattern = (
        f"<{iri}> <{group.predicate}> ?entry" if group.direction == "out" else f"?entry <{group.predicate}> <{iri}>"
    )
    return f"SELECT ?entry WHERE {{ {pattern} }}"


def _linked(groups: Iterable[FactGroup], disputed: Iterable[Fact]) -> Iterator[str]:
    """The entries that the page links to."""
    for fact in (*(fact for group in groups for fact in group.facts), *disputed):
        if fact.value.kind == "iri":
            yield fact.value.value


def _inverses(atlas: Atlas, entity: EntityView) -> dict[str, str]:
    """What a relation is called from its far end, for those that have a name of their own there."""
    predicates = (*(g.predicate for g in entity.groups), *(f.predicate for f in entity.disputed))
    own = atlas.refs(tuple(dict.fromkeys(predicates)))
    seen = [*((g.predicate, g.direction, g.label) for g in entity.groups)]
    seen += [(f.predicate, f.direction, f.predicate_label) for f in entity.disputed]
    return {
        predicate: label
        for predicate, direction, label in seen
        if direction == "in" and predicate in own and own[predicate].label != label
    }


def _lines(near: Neighbourhood, iri: str, inverses: dict[str, str]) -> list[_Near]:
    relations: dict[str, list[str]] = {}
    for edge in near.edges:
        if iri in (edge.source, edge.target) and edge.source != edge.target:
            other = edge.target if edge.source == iri else edge.source
            there = label_from_here(edge.predicate, inverses) or f"as its “{edge.label}”"
            words = edge.label if edge.source == iri else there
            relations.setdefault(other, []).append(words)
    return [_Near(node, tuple(dict.fromkeys(relations.get(node.entity.iri, ())))) for node in near.nodes[1:]]


def _number(name: str, default: int, most: int = 1_000_000) -> int:
    raw = request.args.get(name, "")
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10):
        raise InputError(f"“{name}” is “{raw[:40]}”.", "Give a whole number from 0.")
    return min(int(raw), most)


def neighbours(atlas: Atlas) -> Response:
    """GET /entity/neighbours?iri=…: what the drawing is made of. `degree` is a node's neighbours in the whole graph."""
    near = atlas.neighbourhood(request.args.get("iri", ""), _number("limit", NODES_SHOWN, MOST_NODES))
    return jsonify(
        nodes=[_node(node, atlas.base) for node in near.nodes],
        edges=[_edge(edge) for edge in near.edges if edge.source != edge.target],
        total=near.total,
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
    """GET /browse?kind=…: the entities of a class, by name; without one, the classes."""
    kind, start = request.args.get("kind", ""), _number("start", 0)
    overview = atlas.overview()
    found = atlas.members(kind, MEMBERS_SHOWN, start) if kind else None
    if found is not None and not found.total:
        raise NotFound
    return render_template(
        "browse.html",
        empty=atlas.is_empty(),
        kind=atlas.refs((kind,))[kind] if kind else None,
        found=found,
        kinds=overview.kinds,
        start=start,
        step=MEMBERS_SHOWN,
    )
