"""The whole application over a small real atlas: to be called by a test, or served on a free port to a browser."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from flask import Flask
from werkzeug.serving import make_server

from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.write.writer import no_progress
from tests.support.site_folder import write_site_folder
from web.services import Services, compose
from web.settings import Settings

__all__ = ["DOCUMENT", "EDGES", "ENDLESS", "ENTRIES", "MANY", "YEARS", "make_site", "serving", "sparql_address"]

DOCUMENT: Final = "dundee-md-f964796f"
"""The slug of the first document."""

_CA: Final = "PREFIX ca: <https://w3id.org/creative-atlas/ontology#> "
_RDFS: Final = "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "

ENTRIES: Final = _RDFS + (
    "SELECT ?entry ?kind ?amount WHERE { ?entry rdfs:label ?name "
    "OPTIONAL { ?entry a ?class . ?class rdfs:label ?kind FILTER(?class != rdfs:Class) } "
    "BIND(STRLEN(?name) * 1000 AS ?amount) FILTER(STRSTARTS(STR(?entry), 'https://w3id.org/creative-atlas/id/')) }"
)
"""A table of entities, words and numbers."""

EDGES: Final = _CA + (
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o VALUES ?p { ca:ledBy ca:fundedBy ca:partner ca:budget ca:keyFigure "
    "ca:grantReference ca:directorOf ca:bad } }"
)
"""A graph of claimed facts."""

_DIGITS: Final = " ".join(f"VALUES ?{name} {{ 0 1 2 3 4 5 6 7 8 9 }}" for name in "abcde")
MANY: Final = (
    f"SELECT ?year ?amount {{ {_DIGITS} BIND(?a * 10000 + ?b * 1000 + ?c * 100 + ?d * 10 + ?e AS ?n) "
    "BIND(STR(?n) AS ?year) BIND(?a + ?e - 5 AS ?amount) } ORDER BY ?n"
)
"""A hundred thousand rows, `year` from 0 to 99999."""

YEARS: Final = (
    "SELECT ?year ?amount { VALUES (?year ?amount) { "
    + " ".join(f'("{year}" {year % 97 - 70})' for year in range(2010, 2022))
    + " } }"
)
"""A short series."""

ENDLESS: Final = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
"""A query that is stopped at its time limit."""


def sparql_address(query: str) -> str:
    """The SPARQL page with the answer of a query."""
    return f"/sparql?{urlencode({'query': query})}"


def make_site(home: Path, cache: Path, *, hostile: bool = False) -> Services:
    """Services over `home`; the atlas of `tests.support.site_folder` is built there unless it stands."""
    services = compose(Settings(home=home, cache=cache, query_timeout=5.0))
    if not services.home.current.exists():
        with services.writer(no_progress).session() as session:
            build(session, load(write_site_folder(home.with_name(f"{home.name}-data"), hostile=hostile)), built={})
    return services


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve on 127.0.0.1 and a free port; gives the address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
