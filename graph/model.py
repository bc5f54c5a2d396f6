"""Records that the packages exchange: frozen, slotted, checked at construction.

All offsets are Unicode code points. Dates are ISO 8601 strings of whatever precision the source gave
("2018", "2018-11", "2018-11-20"), so that no date looks more exact than it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

__all__ = [
    "Document",
    "EntityView",
    "Evidence",
    "EvidenceKind",
    "Fact",
    "FactGroup",
    "Mention",
    "Page",
    "Passage",
    "Reading",
    "Reliability",
    "Source",
    "Status",
    "Value",
]

Reliability = Literal["official", "academic", "dataset", "press", "secondary", "low", "memory"]
"""From most to least trusted; `memory` is background knowledge without a source."""

EvidenceKind = Literal["quoted", "cited", "background"]
Status = Literal["proposed", "accepted", "rejected", "needs-review"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a file, before it is cut into passages. `number` counts from 1; 0 = the format has no pages."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Content and metadata of one file, or of one record of a JSON Lines file, as a reader returns them.

    `notes`: what the user should know about the reading, such as a date that was not understood.
    """

    identifier: str
    title: str
    pages: tuple[Page, ...]
    kind: str = "text"
    date: str | None = None
    publisher: str | None = None
    source_url: str | None = None
    themes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.identifier:
            raise ValueError("a reading needs an identifier")


@dataclass(frozen=True, slots=True)
class Source:
    """Origin of a claim: a page, document or dataset. `has_text`: its text is in the atlas."""

    iri: str
    title: str
    publisher: str | None = None
    date: str | None = None
    url: str | None = None
    reliability: Reliability = "secondary"
    has_text: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A text in the atlas. `reliability` is None for the atlas's own notes, which are no evidence.

    `originals`: names (SHA-256) of the files that it, and older versions of it, were read from.
    """

    iri: str
    id: str
    title: str
    collection: str
    kind: str
    sha256: str
    publisher: str | None = None
    date: str | None = None
    source_url: str | None = None
    reliability: Reliability | None = None
    passages: int = 0
    originals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences of a document. `start` and `end` are offsets into the page's text; `page` 0 = no pages."""

    iri: str
    document: str
    index: int
    text: str
    start: int
    end: int
    page: int = 0
    heading: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"passage offsets out of order: {self.start}, {self.end}")


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity named in a passage. `start` and `end` are offsets into the passage's text."""

    passage: str
    entity: str
    start: int
    end: int
    surface: str
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"mention offsets out of order: {self.start}, {self.end}")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence outside 0 to 1: {self.confidence}")


@dataclass(frozen=True, slots=True)
class Value:
    """An RDF term with what a reader needs to show it: an IRI with its label, or a literal."""

    kind: Literal["iri", "literal"]
    value: str
    label: str
    datatype: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim behind a fact. `highlights` are [start, end) offsets into the quote.

    `offered`: the quote was proposed because its words match; no reviewer has confirmed it yet.
    """

    kind: EvidenceKind
    claim: str
    source: Source
    status: Status = "accepted"
    note: str | None = None
    confidence: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    as_of: str | None = None
    quote: str | None = None
    passage: str | None = None
    document: str | None = None
    page: int = 0
    highlights: tuple[tuple[int, int], ...] = ()
    offered: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A triple as seen from one of its ends. `asserted` False = claimed, but not accepted as a fact."""

    predicate: str
    predicate_label: str
    direction: Literal["out", "in"]
    value: Value
    evidence: tuple[Evidence, ...] = ()
    asserted: bool = True

    @property
    def strength(self) -> Literal["official", "press", "weak", "background", "none"]:
        """Reliability of the best evidence: ● official, ◐ press or secondary, ◔ weak, ○ background."""
        ranks = {e.source.reliability for e in self.evidence}
        if ranks & {"official", "academic", "dataset"}:
            return "official"
        if ranks & {"press", "secondary"}:
            return "press"
        if "low" in ranks:
            return "weak"
        return "background" if ranks else "none"


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts of one relation in one direction. `total` counts all of them, `facts` may hold the first few."""

    predicate: str
    label: str
    direction: Literal["out", "in"]
    facts: tuple[Fact, ...]
    total: int


@dataclass(frozen=True, slots=True)
class EntityView:
    """One entity with all that its page shows. `groups` are in display order."""

    iri: str
    label: str
    alt_labels: tuple[str, ...]
    types: tuple[Value, ...]
    description: str | None
    groups: tuple[FactGroup, ...]
    disputed: tuple[Fact, ...] = ()
    identifier: str | None = None
