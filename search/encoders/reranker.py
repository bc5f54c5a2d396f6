"""Optional reranker of the first hits: a model that reads query and text together.

It is off unless a setting names a model, a sentence-transformers CrossEncoder on this machine. Nothing is downloaded,
and torch is imported at the first search that needs it.
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

__all__ = ["RERANKED_HITS", "CrossReranker", "Reranker", "rerank_boost"]

RERANKED_HITS: Final = 20

_MAX_TEXT_CHARS: Final = 2_000  # more than such a model reads

Floats = npt.NDArray[np.float32]


class Reranker(Protocol):
    """Scores texts for a query. Safe to share between threads. The model may be loaded by the first `score`."""

    @property
    def id(self) -> str:
        """Name of the model and its weights, shown in the results that it ordered."""

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        """float32[len(texts)], higher is more relevant; the scale is the model's own."""


class CrossReranker:
    """Runs the CrossEncoder in the folder `model`. Raises EncoderUnavailable, with a remedy, if there is none."""

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
        """As `Reranker.id`."""
        digest = hashlib.sha256()
        for file in sorted(self._folder.glob("*.safetensors")) or sorted(self._folder.glob("*.bin")):
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        return f"{self._folder.name}/{digest.hexdigest()[:12]}"

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        """As `Reranker.score`."""
        if not texts:
            return np.empty(0, np.float32)
        pairs = [(_plain(query), _plain(text[:_MAX_TEXT_CHARS])) for text in texts]
        with self._lock:
            scores = self._load().predict(pairs, batch_size=len(pairs), show_progress_bar=False)
        return np.asarray(scores, np.float32).reshape(len(texts), -1)[:, -1]

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


def rerank_boost(scores: Floats, relevance: Floats) -> Floats:
    """float32[n]: boosts that give the first hits the order of `relevance`, and keep them above all others.

    `scores`: of the first hits; `relevance`: from the reranker. The new score of a hit is the highest of `scores` plus
    its relevance scaled to [0, 1].
    """
    low, high = float(relevance.min()), float(relevance.max())
    scaled = (relevance - low) / (high - low) if high > low else np.zeros_like(relevance)
    return (float(scores.max()) + scaled - scores).astype(np.float32)


def _plain(text: str) -> str:
    """`text` in valid Unicode: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
