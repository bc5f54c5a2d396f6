"""Linked data: `/id/…` identifies an entity and redirects by Accept to `/page/…` (HTML) or `/data/…` (RDF).

Cool URIs for the Semantic Web (W3C note, 2008), the 303 pattern.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.exceptions import NotAcceptable
from werkzeug.wrappers import Response as BaseResponse

from graph.errors import UnknownEntity
from graph.serialisation import serialised
from graph.storage.snapshot import DEFAULT, Snapshot, node
from graph.vocabulary import PREFIXES
from web.http.negotiation import HTML, RDF_MEDIA_TYPES, RDF_SUFFIXES, page_or_rdf, rdf_media_type
from web.read_model.live_generation import Live

__all__ = ["blueprint", "describe"]

MAX_TRIPLES: Final = 10_000
"""Of a description, in each direction."""

FORMATS: Final = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}


def blueprint(live: Live, base: str) -> Blueprint:
    routes = Blueprint("linked_data", __name__)

    @routes.get("/id/<path:name>")
    def thing(name: str) -> BaseResponse:
        media_type = page_or_rdf(request.accept_mimetypes)
        if media_type is None:
            raise NotAcceptable(f"Ask for one of: {', '.join([HTML, *RDF_MEDIA_TYPES])}.")
        target = f"/page/{name}" if media_type == HTML else url_for("linked_data.data", name=name)
        response = redirect(target, code=303)
        response.vary.add("Accept")
        return response

    @routes.get("/data/<path:name>")
    def data(name: str) -> BaseResponse:
        stem, dot, suffix = name.rpartition(".")
        of_suffix = RDF_SUFFIXES.get(suffix) if dot else None
        iri = base + (stem if of_suffix else name)
        media_type = of_suffix or rdf_media_type(request.accept_mimetypes)
        body = describe(live.view().snapshot, iri, FORMATS[media_type])
        response = Response(body, mimetype=media_type)
        response.vary.add("Accept")
        response.add_etag()
        return response.make_conditional(request)

    return routes


def describe(snapshot: Snapshot, iri: str, rdf_format: ox.RdfFormat) -> bytes:
    """The accepted facts with an IRI as subject or object, serialised. Raises UnknownEntity where there are none."""
    entity = node(iri)
    if entity is None or not snapshot.exists(iri):
        raise UnknownEntity(f"Nothing in this atlas has the IRI {iri[:200]}.", "Search for its name instead.")
    quads = [
        *islice(snapshot.store.quads_for_pattern(entity, None, None, DEFAULT), MAX_TRIPLES),
        *islice(snapshot.store.quads_for_pattern(None, None, entity, DEFAULT), MAX_TRIPLES),
    ]
    triples = sorted({ox.Triple(q.subject, q.predicate, q.object) for q in quads}, key=str)
    return serialised(triples, rdf_format, prefixes=PREFIXES if rdf_format == ox.RdfFormat.TURTLE else None)
