"""Formats of results and graphs: media types, short names for `format=`, and which query form offers which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

__all__ = ["DATASETS", "FORMATS", "GRAPHS", "RESULTS", "Format", "by_media_type", "by_name", "offered"]

Kind = Literal["bindings", "graph", "dataset"]


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `name` is its short name and `media_type` the one by which pyoxigraph knows it.

    `aliases` are other media types that clients ask for, `names` are other short names. `charset`: the Content-Type
    names UTF-8, because the type is text without a fixed encoding.
    """

    name: str
    label: str
    media_type: str
    extension: str
    kind: Kind
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    charset: bool = False

    @property
    def content_type(self) -> str:
        """The Content-Type: the media type, with its charset where it needs one."""
        return f"{self.media_type}; charset=utf-8" if self.charset else self.media_type


RESULTS: Final = (
    Format("json", "JSON", "application/sparql-results+json", "srj", "bindings", ("application/json",), ("srj",)),
    Format("xml", "XML", "application/sparql-results+xml", "srx", "bindings", ("application/xml", "text/xml"),
           ("srx",)),
    Format("csv", "CSV", "text/csv", "csv", "bindings", charset=True),
    Format("tsv", "TSV", "text/tab-separated-values", "tsv", "bindings", charset=True),
)  # fmt: skip

GRAPHS: Final = (
    # N3 is a superset of Turtle, so a reader of N3 reads Turtle.
    Format("turtle", "Turtle", "text/turtle", "ttl", "graph",
           ("application/x-turtle", "application/turtle", "text/n3", "text/rdf+n3", "application/n3"), ("ttl", "n3"),
           charset=True),
    Format("ntriples", "N-Triples", "application/n-triples", "nt", "graph", ("text/plain",), ("nt", "n-triples")),
    Format("jsonld", "JSON-LD", "application/ld+json", "jsonld", "graph", ("application/json",), ("json-ld", "json")),
    Format("rdfxml", "RDF/XML", "application/rdf+xml", "rdf", "graph", ("application/xml", "text/xml"),
           ("rdf", "rdf/xml", "rdf+xml", "xml")),
)  # fmt: skip

DATASETS: Final = (
    Format("nquads", "N-Quads", "application/n-quads", "nq", "dataset", (), ("nq", "n-quads")),
    Format("trig", "TriG", "application/trig", "trig", "dataset", ("application/x-trig",), charset=True),
)

FORMATS: Final = RESULTS + GRAPHS + DATASETS


def offered(form: str) -> tuple[Format, ...]:
    """The formats that suit a query form, the default first. `form` is SELECT, ASK, CONSTRUCT or DESCRIBE.

    >>> [each.name for each in offered("CONSTRUCT")]
    ['turtle', 'ntriples', 'jsonld', 'rdfxml']
    """
    return GRAPHS if form in ("CONSTRUCT", "DESCRIBE") else RESULTS


def by_name(name: str, among: tuple[Format, ...] = FORMATS) -> Format | None:
    """The format of a short name or a media type, in any case; None where there is none.

    A space counts as a plus sign: in an address a plus sign means a space unless it is percent-encoded.

    >>> by_name("TTL").media_type, by_name("application/ld json").name
    ('text/turtle', 'jsonld')
    """
    key = name.strip().lower().replace(" ", "+")
    for candidate in among:
        if key in (candidate.name, candidate.extension, *candidate.names):
            return candidate
    return by_media_type(key, among)


@lru_cache(maxsize=256)
def by_media_type(media_type: str, among: tuple[Format, ...] = FORMATS) -> Format | None:
    """The format of a media type without its parameters; an exact type comes before an alias.

    >>> by_media_type("text/csv; charset=utf-8").name
    'csv'
    """
    key = media_type.partition(";")[0].strip().lower()
    exact = next((candidate for candidate in among if key == candidate.media_type), None)
    return exact or next((candidate for candidate in among if key in candidate.aliases), None)
