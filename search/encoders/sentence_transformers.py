"""Encoder on torch: any sentence-transformers model that is on this machine. Importing torch takes seconds."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from graph.errors import EncoderUnavailable
from search.encoders.protocol import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["TorchEncoder"]

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class TorchEncoder:
    """Runs `model`: a folder, or a name in Hugging Face's local cache. Safe to share between threads.

    Raises EncoderUnavailable if the model is not on this machine.
    """

    def __init__(self, model: str, *, threads: int = 1) -> None:
        self.name = model
        self._folder = _folder(model)
        self._threads = threads
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the weights."""
        digest = hashlib.sha256()
        for name in _WEIGHTS:
            for file in sorted(self._folder.rglob(name)):
                with file.open("rb") as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
        return digest.hexdigest()

    @property
    def id(self) -> str:
        """As `search.encoders.protocol.Encoder.id`."""
        return f"{Path(self.name).name}/torch/{self.sha256[:12]}"

    @cached_property
    def dimension(self) -> int:
        """Length of the vectors. Loads the model."""
        return int(self.encode(["a"]).shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], rows of unit length, in the order of the texts. Long texts are cut."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        plain = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        with self._lock:
            model = self._load()
            vectors = model.encode(plain, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def _load(self) -> SentenceTransformer:
        if self._model is None:
            os.environ["HF_HUB_OFFLINE"] = "1"  # must be set before the import, which reads it
            try:
                import torch
                from sentence_transformers import SentenceTransformer
            except ImportError as error:
                raise EncoderUnavailable(
                    f"The model “{self.name}” needs sentence-transformers, which is not installed.",
                    "Run: pip install sentence-transformers",
                ) from error
            torch.set_num_threads(self._threads)
            self._model = SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
        return self._model


def _folder(model: str) -> Path:
    """The folder of the model's files. Never downloads."""
    if (Path(model) / "modules.json").is_file() or (Path(model) / "config.json").is_file():
        return Path(model)
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    for name in (model, f"sentence-transformers/{model}"):
        try:
            return Path(snapshot_download(name, local_files_only=True))
        except (HFValidationError, LocalEntryNotFoundError):
            continue
    raise EncoderUnavailable(
        f"The model “{model}” is not on this machine, and nothing is downloaded while running.",
        "Give the path of a folder with a sentence-transformers model, or fetch it first: hf download NAME",
    )
