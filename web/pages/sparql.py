"""The SPARQL page: a query, its answer as a table, examples. Works as a plain form; scripts add an editor."""

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
from web.pages.drawing.charts import chart_of
from web.pages.drawing.maps import map_of
from web.pages.drawing.network import EDGE_COLUMNS, graph_of
from web.pages.links import with_query
from web.pages.relation_order import reading_rank
from web.pages.why import among_address, edge_address
from web.read_model.reader import Atlas, Example, QueryTable, Slice, Term

__all__ = ["render_workbench"]

ROWS_SHOWN: Final = 100
ROWS_DRAWN: Final = 2_000
"""Rows that drawings are made from, whatever page is shown."""

TERMS_SHOWN: Final = 40
TAGS_SHOWN: Final = 14

_STARTER: Final = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

SELECT ?class (COUNT(?entry) AS ?entries) WHERE {
  ?entry a ?class
}
GROUP BY ?class
ORDER BY DESC(?entries)
LIMIT 20
"""

_LONGEST: Final = 4_000
"""Characters of an address; what is longer goes by POST."""

_UPDATING: Final = "ADD CLEAR COPY CREATE DATA DELETE DROP INSERT INTO LOAD MOVE TO USING WITH"
"""Words that only updates have: none is offered here, and none is taken for part of a label."""

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
_DOWNLOADS: Final = (("CSV", "csv"), ("TSV", "tsv"), ("JSON", "json"), ("XML", "xml"))
_GRAPH_DOWNLOADS: Final = (("Turtle", "turtle"), ("JSON-LD", "jsonld"), ("N-Triples", "nt"), ("RDF/XML", "rdfxml"))


def render_workbench(now: Callable[[], Atlas], query: str, client: str | None = None) -> tuple[str, int]:
    """The page with the query's answer, and its status; an empty query only shows the editor.

    `now` gives the live generation; it is called once.

    Reads from the request: `id`, under which the query can be cancelled; `example`, the slug of an example, and
    `tag`, which narrows them; `start`, `sort` and `down`, which part of the answer; `chart`, the column to draw.
    """
    atlas = now()
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
            table = atlas.select(query, identifier, _part(asked), client)
        except QueryError as error:
            problem = error
    tag = asked.get("tag", "")
    page = render_template(
        "sparql.html",
        query=query if run else (example.query if example else _STARTER),
        example=example,
        examples=[each for each in examples if not tag or tag in each.tags],
        tags=_tags(examples),
        tag=tag,
        problem=problem,
        where=(problem.line, problem.column) if isinstance(problem, QuerySyntax) else None,
        identifier=identifier,
        prefixes=json.dumps(PREFIXES),
        keywords=" ".join(sorted(KEYWORDS.difference(_UPDATING.split()))),
        updating=_UPDATING,
        terms=_relations(atlas.terms()),
        example_address=_example_address,
        term_address=_term_address,
        **_answer(atlas, query, table, asked),
    )
    return page, problem.status if problem else 200


def _answer(atlas: Atlas, query: str, table: QueryTable | None, asked: MultiDict[str, str]) -> dict[str, Any]:
    """What the answer's part of the page needs."""

    def go(**pairs: object) -> tuple[str | None, dict[str, object]]:
        """Another view of this answer: its address, None where it would be too long, and the fields of a form."""
        fields = {name: value for name, value in {"query": query, **pairs}.items() if value not in (None, "")}
        address = with_query("/sparql", **fields)
        return address if len(address) <= _LONGEST else None, fields

    return {
        "table": table,
        "go": go,
        "pages": _pages(table) if table else (None, None),
        "downloads": () if table is None else _GRAPH_DOWNLOADS if table.form == "graph" else _DOWNLOADS,
        "why": _why(atlas, table) if table else [],
        "chart": chart_of(table, asked.get("chart", "")) if table else None,
        "map": map_of(table) if table else None,
        "graph": graph_of(table, atlas.base) if table else None,
        "endpoint": f"{request.host_url}sparql",
        "sorted_by": (table.part.sort, table.part.down) if table else ("", False),
    }


def _part(asked: MultiDict[str, str]) -> Slice:
    start = asked.get("start", "")
    return Slice(
        start=int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 0,
        limit=ROWS_SHOWN,
        drawn=ROWS_DRAWN,
        sort=asked.get("sort", ""),
        down=asked.get("down") == "1",
    )


def _pages(table: QueryTable) -> tuple[int | None, int | None]:
    """Where the previous and the next page of rows start."""
    start, limit = table.part.start, table.part.limit
    return max(0, start - limit) if start else None, start + limit if start + limit < table.total else None


def _why(atlas: Atlas, table: QueryTable) -> list[str | None]:
    """For each row where the claims behind it are, None where no edge can be told from it; empty where no row has."""
    edge = next((names for names in EDGE_COLUMNS if set(names) <= set(table.columns)), None)
    places = [table.columns.index(name) for name in edge] if edge else []
    direct: list[str | None] = []
    for row in table.rows:
        ends = [row[at] for at in places]
        direct.append(edge_address(ends[0], ends[1], ends[2]) if ends and all(ends) else None)  # type: ignore[arg-type]
    tied = atlas.connected(table.rows) if not all(direct) or not direct else [()] * len(direct)
    found = [one or among_address(iris) for one, iris in zip(direct, tied, strict=True)]
    return found if any(found) else []


def _relations(terms: tuple[Term, ...]) -> list[Term]:
    """Those that people ask for, in the order of an entry's page, then the most used."""
    used = (each for each in terms if each.kind == "property" and each.count)
    return sorted(used, key=lambda each: reading_rank(each.iri))[:TERMS_SHOWN]


def _tags(examples: tuple[Example, ...]) -> list[str]:
    """The tags that most examples bear."""
    counted = Counter(tag for each in examples for tag in each.tags)
    return [tag for tag, _ in counted.most_common(TAGS_SHOWN)]


def _example_address(example: Example) -> str:
    return with_query("/sparql", example=example.slug)


def _term_address(term: Term) -> str:
    """A query for what a relation ties together."""
    return with_query("/sparql", query=f"SELECT ?subject ?object WHERE {{ ?subject <{term.iri}> ?object }} LIMIT 100")
