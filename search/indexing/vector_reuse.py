"""The vectors of an index that cannot be carried on, for the one that is made in its place.

To encode a million passages takes an hour, and what was encoded is told by its digest beside each vector
(`search.index.item_store`). So vectors are taken over from every segment whose files are known to be as they were
written.
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
from search.index.checksums import is_sound, read_notes
from search.index.item_store import text_digest, text_digests
from search.index.manifest import DENSE, FORMAT, RECORD
from search.index.segments import SCALE, Segment, read_layout

__all__ = ["ReusingEncoder", "salvage"]


class ReusingEncoder:
    """Implements `search.encoders.protocol.Encoder`: texts of which `digests` are known have the vectors of these rows.

    `digests`: S16[n]; `vectors`: for each segment int16[rows, d], unit rows times SCALE, n rows in all.
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
        """float32[len(texts), dimension], unit rows, in the order given."""
        wanted = np.array([text_digest(text) for text in texts], "S16")
        place = np.minimum(np.searchsorted(self._digests, wanted), len(self._digests) - 1)
        known = self._digests[place] == wanted
        result = np.empty((len(texts), self.dimension), np.float32)
        result[~known] = self._encoder.encode([text for text, held in zip(texts, known, strict=True) if not held])
        for at in np.flatnonzero(known):
            row = int(self._rows[place[at]])
            part = int(np.searchsorted(self._ends, row, side="right"))
            result[at] = self._vectors[part][row - int(self._ends[part])].astype(np.float32) / SCALE
        return result


def salvage(generation: Path, encoder: Encoder) -> Encoder:
    """The encoder, with the vectors that can be had from the index of `generation`, if there are any of it."""
    try:
        record = json.loads((generation / DENSE / RECORD).read_bytes())
        if record["encoder"] != encoder.id or record["format"].split(".")[0] != FORMAT.split(".")[0]:
            return encoder
        dimension, segments = read_layout(generation / DENSE)
        notes = read_notes(generation)
        sound = [segment for segment in segments if _is_sound(generation, segment, record["files"], notes)]
        digests = [text_digests(segment, generation / DENSE) for segment in sound]
        vectors = [segment.vectors(generation / DENSE, dimension) for segment in sound]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, IndexUnusable):
        return encoder  # what is amiss may be anything
    return ReusingEncoder(encoder, np.concatenate(digests), vectors) if any(map(len, digests)) else encoder


def _is_sound(generation: Path, segment: Segment, files: Mapping[str, Any], notes: Mapping[str, int]) -> bool:
    folder = Path(DENSE)
    needed = (segment.vectors_file(folder), segment.items_file(folder), segment.item_ends_file(folder))
    return all(is_sound(generation, file.as_posix(), files, notes) for file in needed)
