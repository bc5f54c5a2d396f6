"""The fast run time: an int8 ONNX graph on onnxruntime, with its own tokeniser; torch is never imported."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from search.encoder import Vectors

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

__all__ = ["OnnxEncoder"]


class OnnxEncoder:
    """Runs the model in `folder` (see `onnx_export`): model.onnx, tokenizer.json, meta.json.

    `threads`: texts that one call of `encode` works on at a time. The model maps (input_ids, attention_mask) to unit
    rows.
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
        """One text at a time on each thread.

        The int8 graph takes its scale from the largest number in what it is given at once: in a batch, a vector would
        depend on its neighbours (cosine down to .97), and a rebuilt index would differ from an updated one. On two
        cores two single texts are also no slower than one batch.
        """
        result = np.empty((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return result
        tokenizer, session = self._load()
        tokens = [encoding.ids for encoding in tokenizer.encode_batch_fast([_plain(text) for text in texts])]

        def run(row: int) -> None:
            ids = np.array([tokens[row]], dtype=np.int64)
            result[row] = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]

        if self._threads > 1 and len(texts) > 1:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, range(len(texts))))
        else:
            for row in range(len(texts)):
                run(row)
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
                options.intra_op_num_threads = 1
                options.inter_op_num_threads = 1
                options.log_severity_level = 3
                model = str(self._folder / "model.onnx")
                session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
                self._loaded = (tokenizer, session)
            return self._loaded


def _plain(text: str) -> str:
    """The tokeniser takes valid Unicode only: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
