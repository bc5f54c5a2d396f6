"""The fast run time: an int8 ONNX graph on onnxruntime, with its own tokeniser; torch is never imported."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from search.encoder import Vectors

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

__all__ = ["OnnxEncoder"]

_BATCH: Final = 16  # texts of similar length; larger batches leave the cache without being faster on two cores


class OnnxEncoder:
    """Runs the model in `folder` (see `onnx_export`): model.onnx, tokenizer.json, meta.json.

    `threads` for one call of `encode`. The folder's model maps (input_ids, attention_mask) to unit rows.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        meta = json.loads((folder / "meta.json").read_bytes())
        self.id: str = meta["id"]
        self.sha256: str = meta["weights_sha256"]
        self.dimension: int = meta["dimension"]
        self._max_tokens: int = meta["max_tokens"]
        self._folder = folder
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[tokenizers.Tokenizer, onnxruntime.InferenceSession] | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        result = np.empty((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return result
        tokenizer, session = self._load()
        tokens = [encoding.ids for encoding in tokenizer.encode_batch_fast([_plain(text) for text in texts])]
        by_length = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        for start in range(0, len(by_length), _BATCH):
            rows = by_length[start : start + _BATCH]
            width = len(tokens[rows[-1]])
            ids = np.zeros((len(rows), width), dtype=np.int64)
            mask = np.zeros_like(ids)
            for at, row in enumerate(rows):
                ids[at, : len(tokens[row])] = tokens[row]
                mask[at, : len(tokens[row])] = 1
            result[rows] = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return result

    def _load(self) -> tuple[tokenizers.Tokenizer, onnxruntime.InferenceSession]:
        with self._lock:
            if self._loaded is None:
                import onnxruntime
                import tokenizers

                tokenizer = tokenizers.Tokenizer.from_file(str(self._folder / "tokenizer.json"))
                # The file bakes in truncation and padding to 128 tokens; the model reads more.
                tokenizer.enable_truncation(self._max_tokens)
                tokenizer.no_padding()
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = self._threads
                options.inter_op_num_threads = 1
                options.log_severity_level = 3
                # Idle threads that spin take processor time from the other web processes.
                options.add_session_config_entry("session.intra_op.allow_spinning", "0")
                model = str(self._folder / "model.onnx")
                session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
                self._loaded = (tokenizer, session)
            return self._loaded


def _plain(text: str) -> str:
    """The tokeniser takes valid Unicode only: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
