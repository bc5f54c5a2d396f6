"""Passages and queries of the benchmarks: SciFact, and large collections derived from it.

A derived passage has two or three sentences of one abstract and one or two of another. Its vector is a mixture of their
vectors with noise, of unit length. The passage's number determines everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graph.iri import DEFAULT_BASE
from graph.vocabulary import expand
from search.encoders.protocol import Encoder, Vectors
from search.evaluation.measures import Judged, read_beir, read_corpus
from search.item import Item

__all__ = ["PER_DOCUMENT", "Derived", "PassageMaker", "SciFact", "key_words"]

PER_DOCUMENT = 20

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_NOISE = 0.35
_KEY_WORDS = 4
_PUBLISHERS = 100


@dataclass(frozen=True)
class SciFact:
    folder: Path

    @cached_property
    def items(self) -> list[Item]:
        return list(read_corpus(self.folder))

    @cached_property
    def queries(self) -> list[Judged]:
        return read_beir(self.folder)


def key_words(claim: str) -> str:
    """The four longest words of a claim, in their order, as a short query. The encoder then reads a median of 10 word
    pieces; of a whole claim 21, and of the questions in `data/golden` 8."""
    words = claim.rstrip(".").split()
    longest = sorted(range(len(words)), key=lambda at: -len(words[at]))[:_KEY_WORDS]
    return " ".join(words[at] for at in sorted(longest))


class PassageMaker:
    """Maker of endless passages from the abstracts and their vectors (float32[n, d], unit rows)."""

    def __init__(self, items: Sequence[Item], vectors: npt.NDArray[np.float32]) -> None:
        self._sentences = [[s for s in _SENTENCE.split(item.text) if s] or [item.title] for item in items]
        self._vectors = vectors

    def item(self, number: int) -> Item:
        rng, first, second = self._choice(number)
        text = " ".join([*_some(rng, self._sentences[first], 3), *_some(rng, self._sentences[second], 2)])
        document, place = divmod(number, PER_DOCUMENT)
        title = f"Report {document}"
        return Item(
            iri=f"{DEFAULT_BASE}document/report-{document:06d}/p{place}",
            kind="passage",
            title=title,
            text=text,
            document=f"{DEFAULT_BASE}document/report-{document:06d}",
            document_id=f"report-{document}.txt",
            document_title=title,
            publisher=f"Publisher {document % _PUBLISHERS}",
            date=str(1990 + document % 35),
            collection="scale",
            types=(expand("ca:Passage"),),
        )

    def vector(self, number: int) -> npt.NDArray[np.float32]:
        rng, first, second = self._choice(number)
        noise = rng.standard_normal(self._vectors.shape[1], np.float32)
        mixed = 0.7 * self._vectors[first] + 0.45 * self._vectors[second] + noise * (_NOISE / np.linalg.norm(noise))
        item: npt.NDArray[np.float32] = (mixed / np.linalg.norm(mixed)).astype(np.float32)
        return item

    def _choice(self, number: int) -> tuple[np.random.Generator, int, int]:
        rng = np.random.Generator(np.random.PCG64(number))
        first, second = (int(n) for n in rng.integers(0, len(self._vectors), 2))
        return rng, first, second


class Derived:
    """Implements `Encoder` for derived passages, by their numbers; the real encoder reads other texts.

    `name` identifies the set that the passages are derived from.
    """

    def __init__(self, maker: PassageMaker, real: Encoder, name: str) -> None:
        self._maker, self.real, self.name = maker, real, name
        self.id, self.sha256, self.dimension = real.id, real.sha256, real.dimension
        self._known: dict[str, int] = {}

    def named(self, numbers: range) -> Iterator[Item]:
        """Derived passages, without their vectors."""
        return map(self._maker.item, numbers)

    def items(self, numbers: range) -> Iterator[Item]:
        """Derived passages; `encode` knows their vectors from then on."""
        for number in numbers:
            item = self._maker.item(number)
            self._known[item.embedding_text] = number
            yield item

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.empty((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            number = self._known.pop(text, None)
            rows[row] = self.real.encode([text])[0] if number is None else self._maker.vector(number)
        return rows


def _some(rng: np.random.Generator, sentences: list[str], most: int) -> list[str]:
    """Up to `most` neighbouring sentences."""
    count = min(len(sentences), int(rng.integers(most - 1, most + 1)))
    start = int(rng.integers(0, len(sentences) - count + 1))
    return sentences[start : start + count]
