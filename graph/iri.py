"""Minting of IRIs, all in this module: deterministic, readable, `<base><kind>/<slug>`."""

from __future__ import annotations

import hashlib
import re
import unicodedata

__all__ = [
    "DEFAULT_BASE",
    "claim_iri",
    "digest",
    "document_iri",
    "entity_iri",
    "local_path",
    "mention_iri",
    "passage_iri",
    "quote_iri",
    "slugify",
    "source_iri",
]

DEFAULT_BASE = "https://w3id.org/creative-atlas/id/"

MAX_SLUG_CHARS = 80


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens, 80 characters at most; `untitled` where nothing is left.

    >>> slugify("Café & Games")
    'cafe-and-games'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = plain.replace("&", " and ").replace("'", "").replace("+", " ")
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return slug[:MAX_SLUG_CHARS].strip("-") or "untitled"


def digest(*parts: str, length: int = 16) -> str:
    """First `length` hexadecimal digits of the SHA-256 over the parts, separated by NUL.

    >>> digest("ab", "c") == digest("a", "bc")
    False
    """
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


def entity_iri(kind: str, name: str, base: str = DEFAULT_BASE) -> str:
    """IRI of an entity: `…/id/<kind>/<slug of its name>`."""
    return f"{base}{kind}/{slugify(name)}"


def source_iri(identifier: str, base: str = DEFAULT_BASE) -> str:
    """IRI of a source, which is also the name of the graph that holds its claims."""
    return f"{base}source/{slugify(identifier)}"


def document_iri(collection: str, identifier: str, base: str = DEFAULT_BASE) -> str:
    """IRI of a document, by its collection and its own id; the hash tells apart ids that have the same slug."""
    return f"{base}document/{slugify(identifier)}-{digest(collection, identifier, length=8)}"


def passage_iri(document: str, index: int) -> str:
    """IRI of a passage; `index` counts from 0 within the document."""
    return f"{document}/p{index}"


def mention_iri(passage: str, start: int, end: int) -> str:
    """IRI of a mention; `start` and `end` are offsets into the passage, in code points."""
    return f"{passage}/mention/{start}-{end}"


def quote_iri(document: str, claim: str) -> str:
    """IRI of the words of a document that support a claim; `claim` is the claim's IRI."""
    return f"{document}/quote/{claim.rpartition('/')[2]}"


def claim_iri(source: str, subject: str, predicate: str, obj: str, record: str = "", base: str = DEFAULT_BASE) -> str:
    """IRI of a claim. `obj` is in N-Triples form, so that a literal and an IRI of the same text differ."""
    return f"{base}claim/{digest(source, subject, predicate, obj, record)}"


def local_path(iri: str, base: str = DEFAULT_BASE) -> str | None:
    """Path `/id/<kind>/<slug>` of an IRI under the base, None for a foreign one.

    >>> local_path("https://w3id.org/creative-atlas/id/organisation/nesta")
    '/id/organisation/nesta'
    """
    return f"/id/{iri[len(base) :]}" if iri.startswith(base) else None
