"""How the first page is laid out: no document fills it, and one text stands in it once. Pure functions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["FIRST", "LOOKED_AT", "PER_DOCUMENT", "fingerprint", "is_furniture", "key", "spread"]

FIRST: Final = 10
"""The places that are shared out."""

PER_DOCUMENT: Final = 3
"""Most of the first places that one document takes while others have something to show."""

LOOKED_AT: Final = 100
"""Ranks among which something else is looked for."""

_SHINGLE: Final = 3
_LEAST_WORDS: Final = 12
_SAME_BITS: Final = 6
_ODD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)  # 2^64 divided by the golden ratio, which mixes well (Knuth)

_LEADER: Final = re.compile(r"(?:\. ?){4,}\s*\d+\s*$|[^\n]{3,80}\s(?:\t|\s{2,})\d{1,3}\s*$")
_REFERENCE: Final = re.compile(r"\(\d{4}[a-z]?\)|\bdoi\b|https?://|\bet al\b|\bpp\. ?\d|\bISBN\b|Retrieved from", re.I)
_LEAST_LINES: Final = 4


def key(text: str) -> int:
    """63 bits that stand for `text` in a numeric field; never 0, which says that there is none."""
    return (int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1) or 1


def fingerprint(words: Sequence[str]) -> int:
    """63 bits, of which texts that share almost all their words in order share almost all; 0 for a very short text.

    `words`: the exact words of the text. Charikar's simhash (2002) over runs of three words.
    """
    if len(words) < _LEAST_WORDS:
        return 0
    hashed = np.fromiter(map(_hashed, words), np.uint64, len(words))
    runs = np.zeros(len(words) - _SHINGLE + 1, np.uint64)
    for at in range(_SHINGLE):
        runs = (runs * _ODD + hashed[at : at + len(runs)]) * _ODD
        runs ^= runs >> np.uint64(31)
    runs = np.unique(runs)
    bits = np.unpackbits(runs.astype(">u8").view(np.uint8).reshape(len(runs), 8), axis=1)
    return (int.from_bytes(np.packbits(2 * bits.sum(axis=0) > len(runs)).tobytes()) >> 1) or 1


@lru_cache(maxsize=50_000)
def _hashed(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest())


def is_furniture(text: str) -> bool:
    """Whether most lines are entries of a contents page or a reference list: true words, but no answer."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < _LEAST_LINES:
        return False
    told = sum(bool(_LEADER.search(line)) or len(_REFERENCE.findall(line)) >= 2 for line in lines)
    return told >= 0.6 * len(lines)


def spread(
    order: npt.NDArray[np.intp], documents: npt.NDArray[np.int64], prints: npt.NDArray[np.int64]
) -> npt.NDArray[np.intp]:
    """`order` with the first places shared out; what is put back follows at once, in its old order.

    `documents` (0 = none) and `prints` (0 = none): int64[n], of each candidate that `order` counts.
    """
    taken: list[int] = []
    back: list[int] = []
    counts: dict[int, int] = {}
    shown: list[int] = []
    at = 0
    for at, row in enumerate(order[:LOOKED_AT].tolist(), 1):  # noqa: B007 (used after the loop)
        document, print_ = int(documents[row]), int(prints[row])
        twin = print_ and any((print_ ^ other).bit_count() <= _SAME_BITS for other in shown)
        if twin or (document and counts.get(document, 0) >= PER_DOCUMENT):
            back.append(row)
            continue
        taken.append(row)
        counts[document] = counts.get(document, 0) + 1
        shown.append(print_)
        if len(taken) == FIRST:
            break
    return np.concatenate([np.array(taken + back, np.intp), order[at:]])
