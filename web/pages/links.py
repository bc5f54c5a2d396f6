"""Where things are on the site: local addresses for minted IRIs, `/entity?iri=` for all others."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from graph.iri import local_path
from graph.vocabulary import expand

__all__ = ["OUTWARD", "data_path", "href", "outside", "page_path", "with_query"]

OUTWARD: Final = frozenset(
    expand(name) for name in ("schema:url", "schema:sameAs", "foaf:homepage", "foaf:page", "rdfs:seeAlso", "owl:sameAs")
)
"""Relations whose objects are pages elsewhere, not entries of the atlas."""

_SAFE: Final = "/-._~!$&'()*+,;=:@"


def href(iri: str, base: str) -> str:
    """The address of an IRI's entry."""
    path = local_path(iri, base)
    return quote(path, safe=_SAFE) if path else f"/entity?{urlencode({'iri': iri})}"


def page_path(iri: str, base: str) -> str:
    """As `href`, but the page itself rather than the IRI that redirects to it."""
    path = local_path(iri, base)
    return quote(f"/page/{path.removeprefix('/id/')}", safe=_SAFE) if path else href(iri, base)


def data_path(iri: str, base: str) -> str | None:
    """Where the entry's data is; None for an IRI that is not minted here."""
    path = local_path(iri, base)
    return quote(f"/data/{path.removeprefix('/id/')}", safe=_SAFE) if path else None


def outside(url: str | None) -> str | None:
    """The address if it is safe to link to (http or https with a host), else None."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def with_query(path: str, **pairs: object) -> str:
    """The path with those of the pairs that are neither None nor empty; sequences repeat their name."""
    held = {name.rstrip("_"): value for name, value in pairs.items() if value not in (None, "", (), [])}
    return f"{path}?{urlencode(held, doseq=True)}" if held else path
