"""Identification of the source that a document is the text of: by its own metadata, its address or its title."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from graph.linking.normalise import words
from graph.model import Document
from graph.storage.snapshot import Snapshot
from graph.vocabulary import expand

__all__ = ["KEY", "Sources", "address", "title_beginnings"]

KEY: Final = "source"
"""Field of front matter, or of a record, that names the source by its identifier or IRI."""

MIN_TITLE_WORDS: Final = 4
"""Shorter titles are not used: many texts may have them."""

_BREAK: Final = re.compile(r"\s*(?::|\s[|–—-])\s+")


class Sources:
    """Sources of an atlas by identifier, address and title, without background knowledge."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._by_name: dict[str, str] = {}
        self._by_address: dict[str, set[str]] = defaultdict(set)
        self._by_title: dict[str, set[str]] = defaultdict(set)
        self._address_of: dict[str, str] = {}
        for iri in snapshot.subjects("rdf:type", expand("ca:Source")):
            source = snapshot.source(iri)
            if source.reliability == "memory":
                continue
            self._by_name[iri] = iri
            for obj in snapshot.objects(iri, "dcterms:identifier"):
                self._by_name[obj.value] = iri
            if source.url:
                self._by_address[address(source.url)].add(iri)
                self._address_of[iri] = address(source.url)
            folded = _folded(source.title)
            if len(folded.split()) >= MIN_TITLE_WORDS:
                self._by_title[folded].add(iri)

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def __contains__(self, iri: object) -> bool:
        return iri in self._by_name

    def of(self, document: Document, extra: Mapping[str, str]) -> str | None:
        """IRI of the source of a document; None where no source fits, or several do.

        `extra` are fields of the document's front matter. A title counts in full or up to a colon or dash, and only
        where the addresses do not contradict it.
        """
        if KEY in extra:
            return self._by_name.get(extra[KEY])
        if document.source_url:
            matches = self._by_address.get(address(document.source_url), set())
            if matches:
                return _only(matches)
        for beginning in title_beginnings(document.title):
            matches = {
                iri
                for iri in self._by_title.get(_folded(beginning), set())
                if not document.source_url or iri not in self._address_of
            }
            if matches:
                return _only(matches)
        return None


def address(url: str) -> str:
    """Normalised address of a page, without scheme, `www.`, fragment and final slash."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url
    host = (parts.netloc or "").lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}"


def title_beginnings(title: str) -> list[str]:
    """The title itself, then its beginnings up to each colon or dash, longest first."""
    return [title, *(title[: match.start()] for match in reversed(list(_BREAK.finditer(title))))]


def _folded(title: str) -> str:
    return " ".join(word.norm for word in words(title) if not word.is_mark)


def _only(matches: set[str]) -> str | None:
    return next(iter(matches)) if len(matches) == 1 else None
