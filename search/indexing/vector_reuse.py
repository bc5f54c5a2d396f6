"""Reuse of the vectors of an index that has to be rebuilt.

Encoding a million passages takes an hour. The digest of an encoded text is stored beside its vector
(`search.index.item_store`), so vectors are reused from every segment whose files are known to be as they were written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graph.errors import IndexUnusable
from search.encoders.protocol import Encoder, Vectors
from search.index.checksums import is_sound, read_checksums
from search.index.item_store import text_digest, text_digests
from search.index.manifest import DENSE, FORMAT, RECORD
from search.index.segments import SCALE, Segment, read_layout

__all__ = ["ReusingEncoder", "with_known_vectors"]


class ReusingEncoder:
    """Implements `search.encoders.protocol.Encoder`: encodes only texts whose digest is unknown.

    `digests`: S16[n]; `vectors`: int16[rows, d] for each segment, unit length times SCALE, n rows in all.
    """

    def __init__(
        self, encoder: Encoder, digests: npt.NDArray[np.bytes_], vectors: Sequence[npt.NDArray[np.int16]]
    ) -> None:
        self.id, self.sha256, self.dimension = encoder.id, encoder.sha256, encoder.dimension
        self._encoder, self._vectors = encoder, vectors
        self._rows = np.argsort(digests)
        self._digests = digests[self._rows]
        self._ends = np.cumsum([len(part) for part in vectors])

    def __len__(self) -> int:
        return len(self._digests)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], rows of unit length, in the order of the texts."""
        digests = np.array([text_digest(text) for text in texts], "S16")
        place = np.minimum(np.searchsorted(self._digests, digests), len(self._digests) - 1)
        is_known = self._digests[place] == digests
        vectors = np.empty((len(texts), self.dimension), np.float32)
        unknown = [text for text, known in zip(texts, is_known, strict=True) if not known]
        vectors[~is_known] = self._encoder.encode(unknown)
        for number in np.flatnonzero(is_known):
            row = int(self._rows[place[number]])
            part = int(np.searchsorted(self._ends, row, side="right"))
            vectors[number] = self._vectors[part][row - int(self._ends[part])].astype(np.float32) / SCALE
        return vectors


def with_known_vectors(encoder: Encoder, generation: Path) -> Encoder:
    """`encoder` with the sound vectors in the index of `generation`; `encoder` itself if there are none."""
    try:
        record = json.loads((generation / DENSE / RECORD).read_bytes())
        if record["encoder"] != encoder.id or record["format"].split(".")[0] != FORMAT.split(".")[0]:
            return encoder
        dimension, segments = read_layout(generation / DENSE)
        checksums = read_checksums(generation)
        sound = [segment for segment in segments if _is_sound(generation, segment, record["files"], checksums)]
        digests = [text_digests(segment, generation / DENSE) for segment in sound]
        vectors = [segment.vectors(generation / DENSE, dimension) for segment in sound]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, IndexUnusable):
        return encoder  # a damaged index can cause any of these
    return ReusingEncoder(encoder, np.concatenate(digests), vectors) if any(map(len, digests)) else encoder


def _is_sound(generation: Path, segment: Segment, files: Mapping[str, Any], checksums: Mapping[str, int]) -> bool:
    folder = Path(DENSE)
    needed = (segment.vectors_file(folder), segment.items_file(folder), segment.item_ends_file(folder))
    return all(is_sound(generation, file.as_posix(), files, checksums) for file in needed)
