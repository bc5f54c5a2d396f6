"""Descriptions of the atlas: `/dataset` in figures (VoID and DCAT for programs), `/ontology` term by term.

Both are negotiated by Accept; a suffix (`/dataset.ttl`) overrides it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.exceptions import NotAcceptable, NotFound
from werkzeug.wrappers import Response as BaseResponse

from graph.metadata.dataset_description import Description, describe_dataset, summary, triples
from graph.metadata.ontology import Ontology, Term, anchor, ontology_triples, read_ontology
from graph.serialisation import serialised
from graph.vocabulary import PREFIXES, compact
from web.http.cors import Cors
from web.http.negotiation import HTML, RDF_MEDIA_TYPES, RDF_SUFFIXES, media_types, page_or_rdf
from web.linked_data.resources import FORMATS
from web.pages.drawing.ontology_diagram import draw
from web.read_model.live_generation import Live, View
from web.read_model.overview import is_empty
from web.read_model.statistics import figures

__all__ = ["blueprint"]

ROWS_UNFOLDED: Final = 12
"""Rows of a long list shown before “show all”."""


def blueprint(live: Live, base: str, cors: Cors) -> Blueprint:
    """`base` is what minted IRIs start with."""
    routes = Blueprint("dataset", __name__)

    @routes.get("/dataset")
    @routes.get("/dataset.<suffix>")
    def dataset(suffix: str = "") -> BaseResponse:
        response = _negotiated(
            live.view(), suffix, _dataset_page, lambda view: triples(description_of(view), request.url_root, base)
        )
        return _opened(response)

    @routes.get("/.well-known/void")
    def well_known() -> BaseResponse:
        """The address that VoID reserves for descriptions: RDF, unless the client prefers a page."""
        preferred = media_types(request.accept_mimetypes).best_match([*RDF_MEDIA_TYPES, HTML], default="text/turtle")
        suffix = next((f".{name}" for name, media_type in RDF_SUFFIXES.items() if media_type == preferred), "")
        response = redirect(f"/dataset{suffix}", code=302)
        response.vary.add("Accept")
        return response

    @routes.get("/ontology")
    @routes.get("/ontology.<suffix>")
    def ontology(suffix: str = "") -> BaseResponse:
        return _opened(_negotiated(live.view(), suffix, _ontology_page, lambda view: ontology_triples(view.snapshot)))

    def _opened(response: Response) -> Response:
        return response if response.mimetype == HTML else cors.mark(response, "ETag")

    return routes


def description_of(view: View) -> Description:
    """The dataset description of a generation, kept with its view."""
    return view.once("description", lambda v: describe_dataset(v.snapshot, v.manifest, figures(v)))


def ontology_of(view: View) -> Ontology:
    """The ontology of a generation, kept with its view."""
    return view.once("ontology", lambda v: read_ontology(v.snapshot, figures(v)))


def _negotiated(
    view: View, suffix: str, page: Callable[[View], str], make: Callable[[View], Sequence[ox.Triple]]
) -> Response:
    """The page, or the triples with an entity tag. Raises 404 for an unknown suffix, 406 for other media types."""
    if suffix and suffix not in RDF_SUFFIXES:
        raise NotFound
    accepted = RDF_SUFFIXES.get(suffix) or page_or_rdf(request.accept_mimetypes)
    if accepted is None:
        raise NotAcceptable(f"Ask for one of: {', '.join([HTML, *FORMATS])}.")
    if accepted == HTML:
        response = make_response(page(view))
    else:
        form = FORMATS[accepted]
        body = serialised(make(view), form, prefixes=None if form == ox.RdfFormat.N_TRIPLES else PREFIXES)
        response = Response(body, mimetype=accepted)
        response.add_etag()
    response.vary.add("Accept")
    if accepted != HTML:
        response.headers["Accept-Ranges"] = "bytes"
        response.make_conditional(request, accept_ranges=True, complete_length=response.content_length)
    return response


def _dataset_page(view: View) -> str:
    description = description_of(view)
    ontology = ontology_of(view)
    return render_template(
        "dataset.html",
        empty=is_empty(view),
        description=description,
        summary=summary(description),
        first=ROWS_UNFOLDED,
        compact=compact,
        anchor=anchor,
        browsable=figures(view).kinds,
        defined={term.iri for term in (*ontology.classes, *ontology.properties)},
    )


def _ontology_page(view: View) -> str:
    ontology = ontology_of(view)
    by_iri = {term.iri: term for term in (*ontology.classes, *ontology.properties)}
    groups: list[tuple[str, str, list[Term]]] = [
        ("relations", "Relations", [term for term in ontology.properties if term.kind == "relation"]),
        ("values", "Values", [term for term in ontology.properties if term.kind == "value"]),
        ("annotations", "Names and notes", [term for term in ontology.properties if term.kind == "annotation"]),
    ]
    return render_template(
        "ontology.html",
        empty=is_empty(view),
        ontology=ontology,
        diagram=view.once("diagram", lambda v: draw(ontology_of(v))),
        groups=groups,
        by_iri=by_iri,
        browsable=figures(view).kinds,
        compact=compact,
    )
