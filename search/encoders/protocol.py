"""Protocol of the encoders that turn texts into vectors.

The default model runs in int8 on CTranslate2 (`search.encoders.ctranslate2`), in a form that
`search.encoders.ctranslate2_export` makes once. Any other sentence-transformers model runs on torch
(`search.encoders.sentence_transformers`). Nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Encoder", "Vectors"]

Vectors = npt.NDArray[np.float32]
"""float32[n, d], rows of unit length."""


class Encoder(Protocol):
    """Turns texts into vectors. Safe to share between threads.

    The model may be loaded by the first `encode`; reading the attributes is cheap.
    """

    @property
    def id(self) -> str:
        """Name of the vector space. It changes with the weights and the run time; vectors of one id are comparable."""

    @property
    def sha256(self) -> str:
        """Hex digest of the model's original weights."""

    @property
    def dimension(self) -> int:
        """Length of the vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], rows of unit length, in the order of the texts. Long texts are cut."""
