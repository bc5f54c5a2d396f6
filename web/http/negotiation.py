"""Content negotiation: the media types that a client accepts, the format to answer in, and whether it is a browser."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from werkzeug.datastructures import MIMEAccept

from graph.sparql.formats import Format, by_media_type, by_name

__all__ = [
    "HTML",
    "RDF_MEDIA_TYPES",
    "RDF_SUFFIXES",
    "choose",
    "media_types",
    "names_html",
    "page_or_rdf",
    "prefers_html",
    "rdf_media_type",
]

HTML: Final = "text/html"

RDF_SUFFIXES: Final = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}
"""Suffix of an address → media type of the RDF that it names."""

RDF_MEDIA_TYPES: Final = tuple(RDF_SUFFIXES.values())
"""Media types in which linked data are served, preferred ones first."""


def page_or_rdf(accept: MIMEAccept) -> str | None:
    """The media type of linked data that a client prefers: HTML for a page, or one of RDF_MEDIA_TYPES.

    A client without Accept gets the page; None: it accepts none of them.
    """
    return media_types(accept).best_match([HTML, *RDF_MEDIA_TYPES]) if accept else HTML


def rdf_media_type(accept: MIMEAccept) -> str:
    """The member of RDF_MEDIA_TYPES that a client prefers; Turtle if it accepts none."""
    return media_types(accept).best_match(list(RDF_MEDIA_TYPES), default=RDF_MEDIA_TYPES[0])


def media_types(accept: MIMEAccept) -> MIMEAccept:
    """The accepted types without parameters such as `charset` and `profile`, which do not matter here.

    Werkzeug takes `text/turtle; charset=utf-8` for another type than text/turtle.
    """
    return MIMEAccept([(value.partition(";")[0].strip(), quality) for value, quality in accept])


def names_html(accept: str) -> bool:
    """Whether an Accept header names HTML: only browsers do.

    >>> names_html("text/html,application/xhtml+xml"), names_html("*/*")
    (True, False)
    """
    return "text/html" in accept.lower()


def prefers_html(accept: MIMEAccept, others: Iterable[str]) -> bool:
    """Whether a client names HTML and wants none of the `other` media types more."""
    wanted = media_types(accept)
    return "text/html" in dict(wanted) and wanted.best_match(["text/html", *others]) == "text/html"


def choose(choices: tuple[Format, ...], name: str | None, accept: MIMEAccept) -> tuple[Format, str] | None:
    """The format to answer in and its Content-Type; None where none of the choices is acceptable.

    `name` (`format=`) goes before Accept; without either it is the first choice. A client that asks for a type by an
    alias is answered by that alias.
    """
    if name is not None:
        named = by_name(name, choices)
        return (named, named.content_type) if named is not None else None
    if not accept:
        return choices[0], choices[0].content_type
    types = [media_type for choice in choices for media_type in (choice.media_type, *choice.aliases)]
    best = media_types(accept).best_match(types)
    match = by_media_type(best, choices) if best is not None else None
    if best is None or match is None:
        return None
    return match, match.content_type if best == match.media_type else best
