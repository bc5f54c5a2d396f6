"""Fingerprints of texts, by which near duplicates are recognised. Pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from search.analysis.tokens import number_alike

__all__ = ["fingerprint", "is_near_duplicate", "key"]

_GOLDEN: Final = np.uint64(0x9E37_79B9_7F4A_7C15)  # 2^64 divided by the golden ratio, which mixes well (Knuth)
_HASH_SEEDS: Final = np.arange(1, 11, dtype=np.uint64) * _GOLDEN
_PART_BITS: Final = 5
_LOWEST_BITS: Final = sum(1 << _PART_BITS * part for part in range(len(_HASH_SEEDS)))  # one of each part
_FIGURES_MASK: Final = (1 << 13) - 1
_MIN_EQUAL_PARTS: Final = 6
"""Of the ten parts so many are nearly always equal if one word in twenty was changed, and never by chance."""


def key(text: str) -> int:
    """63 bits that stand for `text` in a numeric field; never 0, which means none."""
    return (int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1) or 1


def fingerprint(words: Sequence[str]) -> int:
    """63 bits, by which `is_near_duplicate` recognises almost the same words in the same order; 0 = no words.

    `words`: the exact words of a text. The fingerprint has ten parts of 5 bits: all pairs of neighbouring words are
    hashed in ten ways, and each part is the least hash of one way, shortened (minhash: Broder, "On the resemblance and
    containment of documents", 1997; b-bit minhash: Li and König, 2010). Before them stand 13 bits for the words with
    digits: texts that differ in a figure are no duplicates.
    """
    if not words:
        return 0
    hashes = np.fromiter(map(_hash, words), np.uint64, len(words))
    pairs = np.unique(hashes[:-1] * _GOLDEN + hashes[1:]) if len(words) > 1 else hashes
    least = _mix(pairs[:, np.newaxis] ^ _HASH_SEEDS).min(axis=0)
    bits = _hash(" ".join(filter(None, map(_figure, words)))) & _FIGURES_MASK
    for part in (_mix(least) >> np.uint64(64 - _PART_BITS)).tolist():
        bits = bits << _PART_BITS | part
    return bits or 1


@lru_cache(maxsize=20_000)
def _figure(word: str) -> str:
    """A number in digits ("12" for "twelve" too); an empty text for other words."""
    return word if any(char.isdigit() for char in word) else number_alike(word) or ""


def is_near_duplicate(first: int, second: int) -> bool:
    """Whether texts with these fingerprints share about two thirds of their pairs of words, and all figures."""
    difference = first ^ second
    if not first or not second or difference >> _PART_BITS * len(_HASH_SEEDS):
        return False
    for shift in range(1, _PART_BITS):  # gather the differing bits of each part in its lowest bit
        difference |= (first ^ second) >> shift
    return (difference & _LOWEST_BITS).bit_count() <= len(_HASH_SEEDS) - _MIN_EQUAL_PARTS


@lru_cache(maxsize=50_000)
def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest())


def _mix(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Hashes in which every bit depends on every bit of the input (Steele, Lea and Flood's SplitMix64, 2014)."""
    hashes = (hashes ^ hashes >> np.uint64(30)) * np.uint64(0xBF58_476D_1CE4_E5B9)
    hashes = (hashes ^ hashes >> np.uint64(27)) * np.uint64(0x94D0_49BB_1331_11EB)
    return hashes ^ hashes >> np.uint64(31)
