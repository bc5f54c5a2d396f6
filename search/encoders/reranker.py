"""An optional last look at the first results by a model that reads query and text together.

Off unless a setting names one. The model is a sentence-transformers CrossEncoder on this machine; nothing is
downloaded, and torch is imported at the first search that needs it.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from graph.errors import EncoderUnavailable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

__all__ = ["RERANKED", "CrossReranker", "Reranker", "rerank_boost"]

RERANKED: Final = 20
"""Results that are read again, the first ones: the time that it takes has a ceiling."""

_LETTERS: Final = 2_000  # of a text that are read: more than such a model takes in

Floats = npt.NDArray[np.float32]


class Reranker(Protocol):
    """Safe to share between threads. Loading may wait for the first `score`."""

    @property
    def id(self) -> str:
        """Named in the results that it was used for."""

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        """float32[len(texts)], higher is more relevant; the scale is the model's own."""


class CrossReranker:
    """`model`: the folder of a CrossEncoder. Raises EncoderUnavailable, with a remedy, where there is none."""

    def __init__(self, model: str, *, threads: int = 1) -> None:
        self._folder = Path(model).expanduser()
        self._threads = threads
        self._lock = threading.Lock()
        self._model: CrossEncoder | None = None
        if not (self._folder / "config.json").is_file():
            raise EncoderUnavailable(
                f"There is no reranker in {model}.",
                "Set CREATIVE_ATLAS_RERANKER to the folder of a CrossEncoder model, or leave it out.",
            )

    @cached_property
    def id(self) -> str:
        digest = hashlib.sha256()
        for file in sorted(self._folder.glob("*.safetensors")) or sorted(self._folder.glob("*.bin")):
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        return f"{self._folder.name}/{digest.hexdigest()[:12]}"

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        if not texts:
            return np.empty(0, np.float32)
        pairs = [(_plain(query), _plain(text[:_LETTERS])) for text in texts]
        with self._lock:
            found = self._load().predict(pairs, batch_size=len(pairs), show_progress_bar=False)
        return np.asarray(found, np.float32).reshape(len(texts), -1)[:, -1]

    def _load(self) -> CrossEncoder:
        if self._model is None:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
            try:
                import torch
                from sentence_transformers import CrossEncoder
            except ImportError as error:
                raise EncoderUnavailable(
                    "The reranker needs sentence-transformers, which is not installed.",
                    "Install sentence-transformers, or leave CREATIVE_ATLAS_RERANKER out.",
                ) from error
            torch.set_num_threads(self._threads)
            self._model = CrossEncoder(str(self._folder), device="cpu", local_files_only=True)
        return self._model


def rerank_boost(scores: Floats, read: Floats) -> Floats:
    """float32[n]: what to add to `scores` so that their order is that of `read`, all of them above the rest.

    `scores` are those of the first results, `read` what the reranker gave them. The new score is the highest of the
    old ones plus `read` scaled to [0, 1].
    """
    low, high = float(read.min()), float(read.max())
    scaled = (read - low) / (high - low) if high > low else np.zeros_like(read)
    return (float(scores.max()) + scaled - scores).astype(np.float32)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
