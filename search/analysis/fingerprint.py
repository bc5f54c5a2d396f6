"""Fingerprints of texts, by which near duplicates are recognised. Pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from search.analysis.tokens import number_alike

__all__ = ["fingerprint", "is_same", "key"]

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


def _mixed(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Every bit of the result hangs on every bit of the number (Steele, Lea and Flood's SplitMix64, 2014)."""
    hashes = (hashes ^ hashes >> np.uint64(30)) * np.uint64(0xBF58_476D_1CE4_E5B9)
    hashes = (hashes ^ hashes >> np.uint64(27)) * np.uint64(0x94D0_49BB_1331_11EB)
    return hashes ^ hashes >> np.uint64(31)
