"""Which known source a document is the text of: by what it says of itself, by its address, or by its title."""

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

__all__ = ["KEY", "Sources", "address", "heads"]

KEY: Final = "source"
"""The field of front matter, or of a record, that names the source by its identifier or IRI."""

_TITLE_WORDS: Final = 4
"""A shorter title may belong to many texts."""

_BREAK: Final = re.compile(r"\s*(?::|\s[|–—-])\s+")


class Sources:
    """The sources that an atlas describes, by identifier, address and title. Background knowledge is none of them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._named: dict[str, str] = {}
        self._addresses: dict[str, set[str]] = defaultdict(set)
        self._titles: dict[str, set[str]] = defaultdict(set)
        self._placed: dict[str, str] = {}
        for iri in snapshot.subjects("rdf:type", expand("ca:Source")):
            source = snapshot.source(iri)
            if source.reliability == "memory":
                continue
            self._named[iri] = iri
            for obj in snapshot.objects(iri, "dcterms:identifier"):
                self._named[obj.value] = iri
            if source.url:
                self._addresses[address(source.url)].add(iri)
                self._placed[iri] = address(source.url)
            folded = _folded(source.title)
            if len(folded.split()) >= _TITLE_WORDS:
                self._titles[folded].add(iri)

    def __bool__(self) -> bool:
        return bool(self._named)

    def __contains__(self, iri: object) -> bool:
        return iri in self._named

    def of(self, document: Document, extra: Mapping[str, str]) -> str | None:
        """The source's IRI; None where nothing fits, or several do.

        A title counts in full or up to its first colon or dash, and only where no address says otherwise.
        """
        if KEY in extra:
            return self._named.get(extra[KEY])
        if document.source_url:
            found = self._addresses.get(address(document.source_url), set())
            if found:
                return _only(found)
        for head in heads(document.title):
            found = {
                iri
                for iri in self._titles.get(_folded(head), set())
                if not document.source_url or iri not in self._placed
            }
            if found:
                return _only(found)
        return None


def address(url: str) -> str:
    """An address without what does not tell pages apart: scheme, `www.`, fragment, closing slash."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url
    host = (parts.netloc or "").lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}"


def heads(title: str) -> list[str]:
    """The title itself, then what stands before each of its colons and dashes, longest first."""
    return [title, *(title[: match.start()] for match in reversed(list(_BREAK.finditer(title))))]


def _folded(title: str) -> str:
    return " ".join(word.norm for word in words(title) if not word.is_mark)


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None
