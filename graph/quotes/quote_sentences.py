"""Sentences of a document, each with the entities that it names or refers back to ("The report …")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from graph.linking.normalise import words
from graph.segmentation.sentences import sentence_spans
from graph.storage.snapshot import Snapshot

__all__ = ["Named", "Sentence", "sentences", "stems"]

MIN_CONFIDENCE: Final = 0.6
"""Mentions with less confidence support no quote."""

_BACK: Final = re.compile(r"(?:The|This) ([a-z]+)\b")
_STOP: Final = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be been by for from had has have he her his in is it its of on or she that the their
        them they this to was were what when where which who whom whose will with than over into other such how many
        much does do did long there""",
    )
)
STEM_CHARS: Final = 5


@dataclass(frozen=True, slots=True)
class Named:
    """Span of an entity in a sentence; offsets into the passage, in code points."""

    entity: str
    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """One sentence. `number` is its place in the document; `start` and `end` are offsets into the passage."""

    number: int
    passage: str
    start: int
    end: int
    text: str
    named: tuple[Named, ...]

    @cached_property
    def stems(self) -> frozenset[str]:
        """Stems of its content words."""
        return stems(self.text)

    def of(self, entity: str) -> list[Named]:
        """Spans of one entity."""
        return [named for named in self.named if named.entity == entity]


def stems(text: str) -> frozenset[str]:
    """First letters of the content words: enough to match "identified" with "identifies"."""
    return frozenset(
        word.norm[:STEM_CHARS]
        for word in words(text)
        if not word.is_mark and word.norm not in _STOP and word.norm != "'s"
    )


def sentences(snapshot: Snapshot, document: str) -> list[Sentence]:
    """Sentences of all passages, in reading order."""
    numbered: list[Sentence] = []
    for passage in snapshot.passages(document):
        mentions = [mention for mention in snapshot.mentions(passage.iri) if mention.confidence >= MIN_CONFIDENCE]
        for start, end in sentence_spans(passage.text, 0, len(passage.text)):
            inside = [mention for mention in mentions if start <= mention.start and mention.end <= end]
            named = [Named(mention.entity, mention.start, mention.end) for mention in inside]
            text = passage.text[start:end]
            reference = _reference(snapshot, text, numbered[-1]) if numbered else None
            if reference is not None:
                entity, length = reference
                named.insert(0, Named(entity, start, start + length))
            number = len(numbered)
            numbered.append(Sentence(number, passage.iri, start, end=end, text=text, named=tuple(named)))
    return numbered


def _reference(snapshot: Snapshot, text: str, previous: Sentence) -> tuple[str, int] | None:
    """Entity that "The report …" refers to, and the length of these words.

    It is the only entity of that class in the previous sentence.
    """
    match = _BACK.match(text)
    if match is None:
        return None
    candidates = {named.entity for named in previous.named if match[1] in _kinds(snapshot, named.entity)}
    return (next(iter(candidates)), len(match[0])) if len(candidates) == 1 else None


def _kinds(snapshot: Snapshot, entity: str) -> Iterator[str]:
    """Last words of the labels of its classes: "report", "programme"."""
    for kind in snapshot.objects(entity, "rdf:type"):
        yield re.sub(r"\s*\(.*", "", snapshot.label(kind.value)).rpartition(" ")[2].casefold()
