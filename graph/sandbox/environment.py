"""The environment of the processes that we start."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

__all__ = ["bare_environment"]

_PROJECT: Final = Path(__file__).resolve().parents[2]

_ROUNDING: Final = ("OPENBLAS_CORETYPE", "CT2_FORCE_CPU_ISA")  # settings of numpy's products and of the encoder


def bare_environment() -> dict[str, str]:
    """Of this process's environment, which may hold tokens, only what chooses how numbers are worked out: or two
    processes would round them differently. A child may start without `site`: the paths are given.

    Few arenas for malloc: each reserves 64 MiB of the address space that a child may be allowed.
    """
    paths = dict.fromkeys([str(_PROJECT), *(path for path in sys.path if path)])
    chosen = {name: os.environ[name] for name in _ROUNDING if name in os.environ}
    return {"PYTHONPATH": os.pathsep.join(paths), "MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8", **chosen}
