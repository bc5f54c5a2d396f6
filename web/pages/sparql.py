"""The SPARQL page: a query, its result as a table with drawings, examples. A plain form; scripts add an editor."""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from graph.errors import QueryError, QuerySyntax
from graph.sparql.syntax.errors import KEYWORDS
from graph.vocabulary import PREFIXES
from web.http.problems import status_of
from web.pages.drawing.charts import chart_of
from web.pages.drawing.maps import map_of
from web.pages.drawing.network_elements import EDGE_COLUMNS, graph_of
from web.pages.links import MAX_ADDRESS_CHARS, with_query
from web.pages.relation_order import reading_rank
from web.pages.why import between_address, edge_address
from web.read_model.reader import Atlas, Example, QueryTable, Slice, Term

__all__ = ["render_workbench"]

ROWS_PER_PAGE: Final = 100
ROWS_DRAWN: Final = 2_000
"""Rows that drawings are made from, whichever page is shown."""

RELATIONS_SHOWN: Final = 40
TAGS_SHOWN: Final = 14

_FIRST_QUERY: Final = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

SELECT ?class (COUNT(?entry) AS ?entries) WHERE {
  ?entry a ?class
}
GROUP BY ?class
ORDER BY DESC(?entries)
LIMIT 20
"""

_UPDATE_WORDS: Final = "ADD CLEAR COPY CREATE DATA DELETE DROP INSERT INTO LOAD MOVE TO USING WITH"
"""Words that only updates have: the editor neither offers them nor takes them for part of a label."""

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
_DOWNLOADS: Final = (("CSV", "csv"), ("TSV", "tsv"), ("JSON", "json"), ("XML", "xml"))
_GRAPH_DOWNLOADS: Final = (("Turtle", "turtle"), ("JSON-LD", "jsonld"), ("N-Triples", "nt"), ("RDF/XML", "rdfxml"))

Parameters = MultiDict[str, str]


def render_workbench(now: Callable[[], Atlas], query: str, client: str | None = None) -> tuple[str, int]:
    """The page with the query's result, and its status; an empty query only shows the editor.

    `now` gives the live generation; it is called once. Reads from the request: `id`, by which the query can be
    cancelled; `example`, the slug of an example, and `tag`, which narrows the examples; `start`, `sort` and `down`, the
    part of the result to show; `chart`, the column to draw.
    """
    atlas = now()
    parameters: Parameters = request.values
    examples = atlas.examples()
    example = next((example for example in examples if example.slug == parameters.get("example")), None)
    is_run = bool(query.strip())
    identifier = parameters.get("id", "")
    if not _IDENTIFIER.fullmatch(identifier):
        identifier = secrets.token_hex(8)
    table: QueryTable | None = None
    problem: QueryError | None = None
    if is_run:
        try:
            table = atlas.select(query, identifier, _slice(parameters), client)
        except QueryError as error:
            problem = error
    tag = parameters.get("tag", "")
    page = render_template(
        "sparql.html",
        empty=atlas.is_empty(),
        query=query if is_run else (example.query if example else _FIRST_QUERY),
        example=example,
        examples=[example for example in examples if not tag or tag in example.tags],
        tags=_tags(examples),
        tag=tag,
        problem=problem,
        where=(problem.line, problem.column) if isinstance(problem, QuerySyntax) else None,
        identifier=identifier,
        terms=_relations(atlas.terms()),
        example_address=_example_address,
        term_address=_term_address,
        **_editor(),
        **_result(atlas, query, table, parameters),
    )
    return page, status_of(problem) if problem else 200


def _editor() -> dict[str, str]:
    """What the script of the editor needs to know."""
    return {
        "prefixes": json.dumps(PREFIXES),
        "keywords": " ".join(sorted(KEYWORDS.difference(_UPDATE_WORDS.split()))),
        "updating": _UPDATE_WORDS,
    }


def _result(atlas: Atlas, query: str, table: QueryTable | None, parameters: Parameters) -> dict[str, Any]:
    """What the result's part of the page needs."""

    def variant(**pairs: object) -> tuple[str | None, dict[str, object]]:
        """Another view of this result: its address, None where it would be too long, and the fields of a form."""
        fields = {name: value for name, value in {"query": query, **pairs}.items() if value not in (None, "")}
        address = with_query("/sparql", **fields)
        return address if len(address) <= MAX_ADDRESS_CHARS else None, fields

    return {
        "table": table,
        "variant": variant,
        "pages": _pages(table) if table else (None, None),
        "downloads": () if table is None else _GRAPH_DOWNLOADS if table.form == "graph" else _DOWNLOADS,
        "why": _evidence_addresses(atlas, table) if table else [],
        "chart": chart_of(table, parameters.get("chart", "")) if table else None,
        "map": map_of(table) if table else None,
        "graph": graph_of(table, atlas.base) if table else None,
        "endpoint": f"{request.host_url}sparql",
        "sorted_by": (table.part.sort, table.part.descending) if table else ("", False),
    }


def _slice(parameters: Parameters) -> Slice:
    start = parameters.get("start", "")
    return Slice(
        start=int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 0,
        limit=ROWS_PER_PAGE,
        drawn_rows=ROWS_DRAWN,
        sort=parameters.get("sort", ""),
        descending=parameters.get("down") == "1",
    )


def _pages(table: QueryTable) -> tuple[int | None, int | None]:
    """The first rows of the previous and the next page."""
    start, limit = table.part.start, table.part.limit
    return max(0, start - limit) if start else None, start + limit if start + limit < table.total else None


def _evidence_addresses(atlas: Atlas, table: QueryTable) -> list[str | None]:
    """For each row the page on the claims behind it, None where the row shows no edge; empty where no row does."""
    triple = next((names for names in EDGE_COLUMNS if set(names) <= set(table.columns)), None)
    columns = [table.columns.index(name) for name in triple] if triple else []
    addresses = [_edge_address(row, columns) if columns else None for row in table.rows]
    if not all(addresses):
        connected = atlas.connected_cells(table.rows)
        addresses = [address or between_address(terms) for address, terms in zip(addresses, connected, strict=True)]
    return addresses if any(addresses) else []


def _edge_address(row: tuple[Any, ...], columns: list[int]) -> str | None:
    subject, predicate, obj = (row[column] for column in columns)
    return edge_address(subject, predicate, obj) if subject and predicate and obj else None


def _relations(terms: tuple[Term, ...]) -> list[Term]:
    """The relations that facts use: those of an entity's page in its order, then the most used."""
    used = (term for term in terms if term.kind == "property" and term.count)
    return sorted(used, key=lambda term: reading_rank(term.iri))[:RELATIONS_SHOWN]


def _tags(examples: tuple[Example, ...]) -> list[str]:
    """The tags that most examples have."""
    counts = Counter(tag for example in examples for tag in example.tags)
    return [tag for tag, _ in counts.most_common(TAGS_SHOWN)]


def _example_address(example: Example) -> str:
    return with_query("/sparql", example=example.slug)


def _term_address(term: Term) -> str:
    """A query for the facts of a relation."""
    return with_query("/sparql", query=f"SELECT ?subject ?object WHERE {{ ?subject <{term.iri}> ?object }} LIMIT 100")
