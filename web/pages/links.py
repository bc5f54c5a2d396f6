"""Addresses on the site: local paths for minted IRIs, `/entity?iri=` for all others."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from graph.iri import local_path
from graph.vocabulary import expand

__all__ = ["MAX_ADDRESS_CHARS", "OUTWARD", "data_path", "href", "outside", "page_path", "with_query"]

MAX_ADDRESS_CHARS: Final = 4_000
"""Longer addresses are not linked to: servers and proxies cut them off. A query goes by POST instead."""

OUTWARD: Final = frozenset(
    expand(name) for name in ("schema:url", "schema:sameAs", "foaf:homepage", "foaf:page", "rdfs:seeAlso", "owl:sameAs")
)
"""Relations whose objects are pages of other sites, not entities of the atlas."""

_SAFE: Final = "/-._~!$&'()*+,;=:@"


def href(iri: str, base: str) -> str:
    """The address of an IRI: it redirects to a page or to data, by Accept."""
    path = local_path(iri, base)
    return quote(path, safe=_SAFE) if path else f"/entity?{urlencode({'iri': iri})}"


def page_path(iri: str, base: str) -> str:
    """The address of the page about an IRI, without the redirect of `href`."""
    path = local_path(iri, base)
    return quote(f"/page/{path.removeprefix('/id/')}", safe=_SAFE) if path else href(iri, base)


def data_path(iri: str, base: str) -> str | None:
    """The address of the data about an IRI; None for an IRI that is not minted here."""
    path = local_path(iri, base)
    return quote(f"/data/{path.removeprefix('/id/')}", safe=_SAFE) if path else None


def outside(url: str | None) -> str | None:
    """The URL if it is safe to link to (http or https, with a host), else None."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def with_query(path: str, **pairs: object) -> str:
    """The path with the pairs that are neither None nor empty; each item of a sequence becomes a pair."""
    query = {name.rstrip("_"): value for name, value in pairs.items() if value not in (None, "", (), [])}
    return f"{path}?{urlencode(query, doseq=True)}" if query else path
