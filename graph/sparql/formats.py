"""Media types of results and graphs, their short names for `format=`, and which form of query offers which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

__all__ = ["DATASETS", "FORMATS", "GRAPHS", "RESULTS", "Format", "by_media_type", "by_name", "offered"]

Kind = Literal["bindings", "graph", "dataset"]


@dataclass(frozen=True, slots=True)
class Format:
    """`name` is the short name; `engine` is the media type by which pyoxigraph knows the format.

    `aliases` are other media types that clients ask for and `names` other short names.
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
        """The media type with its charset, where the type is text without a fixed encoding."""
        return f"{self.media_type}; charset=utf-8" if self.charset else self.media_type


RESULTS: Final = (
    Format("json", "JSON", "application/sparql-results+json", "srj", "bindings", ("application/json",), ("srj",)),
    Format("xml", "XML", "application/sparql-results+xml", "srx", "bindings", ("application/xml", "text/xml"),
           ("srx",)),
    Format("csv", "CSV", "text/csv", "csv", "bindings", charset=True),
    Format("tsv", "TSV", "text/tab-separated-values", "tsv", "bindings", charset=True),
)  # fmt: skip

GRAPHS: Final = (
    # N3 takes in Turtle, so that whoever reads N3 reads it.
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
    """The formats that a query form can be answered in, the default first. `form` as the guard names it."""
    return GRAPHS if form in ("CONSTRUCT", "DESCRIBE") else RESULTS


def by_name(name: str, among: tuple[Format, ...] = FORMATS) -> Format | None:
    """The format of a short name or of a media type, in either case; None where there is none.

    A gap stands for a plus sign, which an address means a gap by unless it is percent-encoded.
    """
    wanted = name.strip().lower().replace(" ", "+")
    for each in among:
        if wanted in (each.name, each.extension, *each.names):
            return each
    return by_media_type(wanted, among)


@lru_cache(maxsize=256)
def by_media_type(media_type: str, among: tuple[Format, ...] = FORMATS) -> Format | None:
    """The format of a media type, its parameters put aside; an exact type wins over an alias."""
    wanted = media_type.partition(";")[0].strip().lower()
    for each in among:
        if wanted == each.media_type:
            return each
    return next((each for each in among if wanted in each.aliases), None)
