"""What turns text into vectors: the contract, and the choice between its two run times.

The default model runs in int8 on CTranslate2 (`ctranslate2_encoder`), in a form made once at set-up by
`ctranslate2_export`; any other sentence-transformers model, by name or path, runs on torch (`torch_encoder`). Nothing
is downloaded.
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
    """Loading may wait for the first `encode`: reading the attributes is cheap. Safe to share between threads."""

    @property
    def id(self) -> str:
        """Equal ids give interchangeable vectors; the id changes with the weights and with how they are run."""

    @property
    def sha256(self) -> str:
        """Hex digest of the model's original weights."""

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], unit rows, in the order given. What exceeds the model's length is cut."""
