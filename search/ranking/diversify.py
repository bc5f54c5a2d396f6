"""How the first page is laid out: no document fills it, and one text stands in it once. Pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from search.analysis.tokens import number_alike

__all__ = ["FIRST", "LOOKED_AT", "PER_DOCUMENT", "fingerprint", "is_same", "key", "spread"]

FIRST: Final = 10
"""The places that are shared out."""

PER_DOCUMENT: Final = 3
"""Most of the first places that one document takes while others have something to show."""

LOOKED_AT: Final = 100
"""Ranks among which something else is looked for."""

_WORTH: Final = 0.15  # of the score of what is put back: with less, nothing goes before it

_ODD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)  # 2^64 divided by the golden ratio, which mixes well (Knuth)
_WAYS: Final = np.arange(1, 11, dtype=np.uint64) * _ODD
_PART: Final = 5  # bits
_LOWEST: Final = sum(1 << _PART * at for at in range(len(_WAYS)))
_FIGURES: Final = (1 << 13) - 1
_ALIKE: Final = 6
"""Of the ten parts as many agree where one word in twenty was changed, nearly always, and never by chance."""


def key(text: str) -> int:
    """63 bits that stand for `text` in a numeric field; never 0, which says that there is none."""
    return (int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1) or 1


def fingerprint(words: Sequence[str]) -> int:
    """63 bits, by which `is_same` tells texts of almost the same words in the same order; 0 = no words.

    `words`: the exact words of the text. Ten numbers of 5 bits: of the pairs of words, hashed in ten ways, the
    least (Broder, "On the resemblance and containment of documents", 1997; of each a few bits, as Li and König, 2010).
    Before them 13 bits for the words with digits: texts that differ in a figure are not the same.
    """
    if not words:
        return 0
    hashed = np.fromiter(map(_hashed, words), np.uint64, len(words))
    pairs = np.unique(hashed[:-1] * _ODD + hashed[1:]) if len(words) > 1 else hashed
    least = (_mixed(pairs[:, np.newaxis] ^ _WAYS)).min(axis=0)
    bits = _hashed(" ".join(filter(None, map(_figure, words)))) & _FIGURES
    for part in (_mixed(least) >> np.uint64(64 - _PART)).tolist():
        bits = bits << _PART | part
    return bits or 1


@lru_cache(maxsize=20_000)
def _figure(word: str) -> str:
    """A number in digits, "twelve" as well as "12"; nothing for another word."""
    return word if any(char.isdigit() for char in word) else number_alike(word) or ""


def is_same(one: int, other: int) -> bool:
    """Whether fingerprints are of texts that share some two thirds of their pairs of words, and all their figures."""
    differs = one ^ other
    if not one or not other or differs >> _PART * len(_WAYS):
        return False
    for shift in range(1, _PART):
        differs |= (one ^ other) >> shift
    return (differs & _LOWEST).bit_count() <= len(_WAYS) - _ALIKE


@lru_cache(maxsize=50_000)
def _hashed(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest())


def spread(
    order: npt.NDArray[np.intp],
    documents: npt.NDArray[np.int64],
    prints: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.intp], dict[int, int | None]]:
    """`order` with the first places shared out; what is put back follows at once, in its old order.

    And what was put back: with the one that says the same, or None where enough of its document stands above.

    `documents` (0 = none), `prints` (0 = none) and `scores`: int64[n], int64[n], float32[n], of each candidate that
    `order` counts. Nothing goes before what has a far better score.
    """
    taken: list[int] = []
    back: list[int] = []
    moved: dict[int, int | None] = {}
    counts: dict[int, int] = {}
    shown: list[tuple[int, int]] = []
    at = 0
    for row in order[:LOOKED_AT].tolist():
        if len(taken) == FIRST or (back and scores[row] < _WORTH * scores[back[0]]):
            break
        at += 1
        document, print_ = int(documents[row]), int(prints[row])
        twin = next((other for held, other in shown if is_same(print_, held)), None) if print_ else None
        if twin is not None or (document and counts.get(document, 0) >= PER_DOCUMENT):
            back.append(row)
            moved[row] = twin
            continue
        taken.append(row)
        counts[document] = counts.get(document, 0) + 1
        shown.append((print_, row))
    return np.concatenate([np.array(taken + back, np.intp), order[at:]]), moved


def _mixed(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Every bit of the result hangs on every bit of the number (Steele, Lea and Flood's SplitMix64, 2014)."""
    hashes = (hashes ^ hashes >> np.uint64(30)) * np.uint64(0xBF58_476D_1CE4_E5B9)
    hashes = (hashes ^ hashes >> np.uint64(27)) * np.uint64(0x94D0_49BB_1331_11EB)
    return hashes ^ hashes >> np.uint64(31)
