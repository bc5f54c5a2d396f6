"""Every IRI that Creative Atlas mints is minted here: deterministic, readable, `<base><kind>/<slug>`."""

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

_SLUG_LIMIT = 80


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens, 80 characters at most; `untitled` where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = plain.replace("&", " and ").replace("'", "").replace("+", " ")
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return slug[:_SLUG_LIMIT].strip("-") or "untitled"


def digest(*parts: str, length: int = 16) -> str:
    """Hexadecimal SHA-256 over the parts, kept apart by NUL so that ("ab","c") and ("a","bc") differ."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


def entity_iri(kind: str, name: str, base: str = DEFAULT_BASE) -> str:
    return f"{base}{kind}/{slugify(name)}"


def source_iri(identifier: str, base: str = DEFAULT_BASE) -> str:
    """The IRI of a source, which is also the name of the graph that holds what it claims."""
    return f"{base}source/{slugify(identifier)}"


def document_iri(collection: str, identifier: str, base: str = DEFAULT_BASE) -> str:
    """A document is known by its collection and its own id; the hash keeps apart ids that slug alike."""
    return f"{base}document/{slugify(identifier)}-{digest(collection, identifier, length=8)}"


def passage_iri(document: str, index: int) -> str:
    """`index` counts from 0 within the document."""
    return f"{document}/p{index}"


def mention_iri(passage: str, start: int, end: int) -> str:
    """`start` and `end` are code points into the passage."""
    return f"{passage}/mention/{start}-{end}"


def quote_iri(document: str, claim: str) -> str:
    """What a document says for a claim; `claim` is that claim's IRI."""
    return f"{document}/quote/{claim.rpartition('/')[2]}"


def claim_iri(source: str, subject: str, predicate: str, obj: str, record: str = "", base: str = DEFAULT_BASE) -> str:
    """`obj` is the N-Triples form of the object, so that a literal and an IRI of the same text differ."""
    return f"{base}claim/{digest(source, subject, predicate, obj, record)}"


def local_path(iri: str, base: str = DEFAULT_BASE) -> str | None:
    """`/id/<kind>/<slug>` for an IRI under the base, None for a foreign one."""
    return f"/id/{iri[len(base) :]}" if iri.startswith(base) else None
