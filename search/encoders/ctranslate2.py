"""Encoder on CTranslate2: the default model in int8, with its own tokeniser. It never imports torch."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from search.encoders.protocol import Vectors

if TYPE_CHECKING:
    import ctranslate2
    import tokenizers

__all__ = ["CTranslate2Encoder", "has_wide_registers"]


class CTranslate2Encoder:
    """Runs the model in `folder`, as `search.encoders.ctranslate2_export` writes it. Safe to share between threads.

    `threads`: texts that one call of `encode` reads at a time.
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
        self._loaded: tuple[tokenizers.Tokenizer, ctranslate2.Encoder] | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], rows of unit length, in the order of the texts.

        Each thread reads one text at a time. In a batch, a text's neighbours can change the order of a sum, and thereby
        how a number is rounded to 8 bits (one text in 300, cosine .998): a rebuilt index would differ from an updated
        one. For texts as long as passages a batch is no faster.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        tokenizer, model = self._load()
        tokens = [encoding.ids for encoding in tokenizer.encode_batch_fast([_plain(text) for text in texts])]

        def run(row: int) -> None:
            hidden = np.asarray(model.forward_batch([tokens[row]]).last_hidden_state)[0]
            vectors[row] = _unit(hidden.mean(axis=0))

        if self._threads > 1 and len(texts) > 1:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, range(len(texts))))
        else:
            for row in range(len(texts)):
                run(row)
        return vectors

    def _load(self) -> tuple[tokenizers.Tokenizer, ctranslate2.Encoder]:
        with self._lock:
            if self._loaded is None:
                _use_wide_registers()
                import ctranslate2
                import tokenizers

                tokenizer = tokenizers.Tokenizer.from_file(str(self._folder / "tokenizer.json"))
                # The file asks for truncation and padding to 128 tokens; the model reads more.
                tokenizer.enable_truncation(self._max_tokens)
                tokenizer.no_padding()
                model = ctranslate2.Encoder(
                    str(self._folder),
                    device="cpu",
                    compute_type="int8",
                    inter_threads=self._threads,
                    intra_threads=1,
                )
                self._loaded = (tokenizer, model)
            return self._loaded


def _unit(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _plain(text: str) -> str:
    """`text` in valid Unicode, as the tokeniser needs it: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _use_wide_registers() -> None:
    """Make CTranslate2 use AVX-512, which it decides when it is imported: 1.2 times as fast."""
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return
    if has_wide_registers(cpuinfo):
        os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")


def has_wide_registers(cpuinfo: str) -> bool:
    """Whether the processor has all parts of AVX-512 that CTranslate2 uses. `cpuinfo`: as in Linux's /proc/cpuinfo."""
    flags = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "").split()
    return {"avx512f", "avx512cd", "avx512vl", "avx512bw", "avx512dq"} <= set(flags)
