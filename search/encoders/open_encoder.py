"""Choice of the encoder for a model: CTranslate2 for the default model, torch for any other."""

from __future__ import annotations

from pathlib import Path

from search.encoders.protocol import Encoder

__all__ = ["DEFAULT_MODEL", "open_encoder"]

DEFAULT_MODEL = "all-MiniLM-L6-v2"


def open_encoder(model: str, cache: Path, *, threads: int = 1) -> Encoder:
    """The encoder for `model`: DEFAULT_MODEL, or the name or path of a sentence-transformers model on this machine.

    `cache` holds the exported default model. `threads`: 1 to serve, the number of cores to index. Raises
    EncoderUnavailable, with its remedy, if the model is not on disk or its run time is not installed.

    >>> open_encoder("nobody/no-such-model", folder)
    Traceback (most recent call last):
    graph.errors.EncoderUnavailable: The model “nobody/no-such-model” is not on this machine...
    """
    if model == DEFAULT_MODEL:
        from search.encoders.ctranslate2 import CTranslate2Encoder
        from search.encoders.ctranslate2_export import ensure

        return CTranslate2Encoder(ensure(cache), threads=threads)
    from search.encoders.sentence_transformers import TorchEncoder

    return TorchEncoder(model, threads=threads)
