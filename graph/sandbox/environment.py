"""Environment of a child process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["child_environment", "model_folders", "module_paths"]

_PROJECT: Final = Path(__file__).resolve().parents[2]

_MODEL_FOLDERS: Final = ("HF_HOME", "HF_HUB_CACHE", "SENTENCE_TRANSFORMERS_HOME", "XDG_CACHE_HOME")

# How numbers are rounded by numpy's products and by the encoder: all processes must round alike.
_INHERITED: Final = ("OPENBLAS_CORETYPE", "CT2_FORCE_CPU_ISA", *_MODEL_FOLDERS)


def module_paths() -> list[str]:
    """Folders and archives that this process imports from, as absolute paths: a child starts in another folder.

    >>> all(path.startswith("/") for path in module_paths())
    True
    """
    return [*dict.fromkeys([str(_PROJECT), *(os.path.abspath(path) for path in sys.path if path)])]  # noqa: PTH100


def model_folders() -> list[str]:
    """Folders where models lie that are called by name.

    >>> model_folders()[-1].endswith("huggingface")
    True
    """
    named = [os.environ[name] for name in _MODEL_FOLDERS if os.environ.get(name)]
    return [*named, str(Path.home() / ".cache" / "huggingface")]


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child that starts without `site`: module paths, locale, and `extra`.

    Of this process's environment, which may hold tokens, a child gets only the variables in `_INHERITED`.

    >>> sorted(child_environment({"TMPDIR": "/scratch"}).items())[0]
    ('LC_ALL', 'C.UTF-8')
    """
    paths = module_paths()
    return {
        "PYTHONPATH": os.pathsep.join(paths),
        "LC_ALL": "C.UTF-8",
        # Each arena of malloc reserves 64 MiB of the address space that a child may be allowed.
        "MALLOC_ARENA_MAX": "2",
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        **(extra or {}),
    }
