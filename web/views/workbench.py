"""The SPARQL page: a query, its answer as a table, examples. Works as a plain form; scripts add an editor."""

from __future__ import annotations

import re
import secrets
from typing import Final

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from graph.errors import QueryError, QuerySyntax
from web.reads import Atlas, Example, QueryTable
from web.views.links import with_query

__all__ = ["render_workbench"]

ROWS_SHOWN: Final = 200

_STARTER: Final = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

SELECT ?class (COUNT(?entry) AS ?entries) WHERE {
  ?entry a ?class
}
GROUP BY ?class
ORDER BY DESC(?entries)
LIMIT 20
"""

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
_DOWNLOADS: Final = (("CSV", "csv"), ("TSV", "tsv"), ("JSON", "json"), ("XML", "xml"))
_GRAPH_DOWNLOADS: Final = (("Turtle", "turtle"), ("JSON-LD", "jsonld"), ("N-Triples", "nt"), ("RDF/XML", "rdfxml"))


def render_workbench(atlas: Atlas, query: str) -> tuple[str, int]:
    """The page with the query's answer, and its status; an empty query only shows the editor.

    Reads from the request: `id`, under which the query can be cancelled, and `example`, the slug of an example.
    """
    asked: MultiDict[str, str] = request.values
    examples = atlas.examples()
    example = next((each for each in examples if each.slug == asked.get("example")), None)
    run = bool(query.strip())
    identifier = asked.get("id", "")
    if not _IDENTIFIER.fullmatch(identifier):
        identifier = secrets.token_hex(8)
    table: QueryTable | None = None
    problem: QueryError | None = None
    if run:
        try:
            table = atlas.select(query, identifier, ROWS_SHOWN)
        except QueryError as error:
            problem = error
    page = render_template(
        "sparql.html",
        query=query if run else (example.query if example else _STARTER),
        example=example,
        examples=examples,
        table=table,
        problem=problem,
        where=(problem.line, problem.column) if isinstance(problem, QuerySyntax) else None,
        identifier=identifier,
        downloads=_downloads(query, table),
        permalink=with_query("/sparql", query=query) if run else "",
        example_address=_example_address,
    )
    return page, problem.status if problem else 200


def _example_address(example: Example) -> str:
    return with_query("/sparql", example=example.slug)


def _downloads(query: str, table: QueryTable | None) -> list[tuple[str, str]]:
    if table is None:
        return []
    kinds = _GRAPH_DOWNLOADS if table.form == "graph" else _DOWNLOADS
    return [(label, with_query("/sparql", query=query, format=name)) for label, name in kinds]
