"""A held document as sentences, each with the entities that it names, or points back to ("The report …")."""

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

_SURE: Final = 0.6
"""Mentions below this confidence ground nothing."""

_BACK: Final = re.compile(r"(?:The|This) ([a-z]+)\b")
_STOP: Final = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be been by for from had has have he her his in is it its of on or she that the their
        them they this to was were what when where which who whom whose will with than over into other such how many
        much does do did long there""",
    )
)
_STEM: Final = 5


@dataclass(frozen=True, slots=True)
class Named:
    """An entity in a sentence. Offsets are into the passage, in code points."""

    entity: str
    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """`number` counts the sentences of the document; `start` and `end` are offsets into the passage."""

    number: int
    passage: str
    start: int
    end: int
    text: str
    named: tuple[Named, ...]

    @cached_property
    def stems(self) -> frozenset[str]:
        return stems(self.text)

    def of(self, entity: str) -> list[Named]:
        return [named for named in self.named if named.entity == entity]


def stems(text: str) -> frozenset[str]:
    """The beginnings of the words that carry meaning: enough to find "identified" in "identifies"."""
    return frozenset(
        word.norm[:_STEM] for word in words(text) if not word.is_mark and word.norm not in _STOP and word.norm != "'s"
    )


def sentences(snapshot: Snapshot, document: str) -> list[Sentence]:
    """In reading order, over all passages."""
    found: list[Sentence] = []
    for passage in snapshot.passages(document):
        mentions = [m for m in snapshot.mentions(passage.iri) if m.confidence >= _SURE]
        for start, end in sentence_spans(passage.text, 0, len(passage.text)):
            named = [Named(m.entity, m.start, m.end) for m in mentions if start <= m.start and m.end <= end]
            text = passage.text[start:end]
            back = _points_back(snapshot, text, found[-1]) if found else None
            if back is not None:
                length = len(_BACK.match(text)[0])  # type: ignore[index]  # it matched in _points_back
                named.insert(0, Named(back, start, start + length))
            found.append(Sentence(len(found), passage.iri, start, end, text, tuple(named)))
    return found


def _points_back(snapshot: Snapshot, text: str, before: Sentence) -> str | None:
    """The entity that "The report …" means: the only one of that kind in the sentence before."""
    match = _BACK.match(text)
    if match is None:
        return None
    fitting = {named.entity for named in before.named if match[1] in _kinds(snapshot, named.entity)}
    return next(iter(fitting)) if len(fitting) == 1 else None


def _kinds(snapshot: Snapshot, entity: str) -> Iterator[str]:
    """The last words of the names of its classes: "report", "programme"."""
    for kind in snapshot.objects(entity, "rdf:type"):
        yield re.sub(r"\s*\(.*", "", snapshot.label(kind.value)).rpartition(" ")[2].casefold()
