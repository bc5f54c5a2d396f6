"""Rows of engines from earlier runs, stored by version."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import time
from pathlib import Path
from typing import Any

__all__ = ["store_row", "stored_row", "versions"]

_CODE = ("engines.py", "measure.py", "clients.py")
_PACKAGES = ("torch", "sentence-transformers", "transformers", "faiss-cpu", "tantivy")


def versions(peers: tuple[str, ...]) -> str:
    """Versions that decide the row of an engine: its release, those of its dependencies, and the measuring code."""
    code = hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in _CODE)).hexdigest()[:12]
    installed = (f"{name}=={importlib.metadata.version(name)}" for name in _PACKAGES)
    return " ".join((*peers, *installed, code))


def store_row(folder: Path, name: str, version: str, result: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    record = {"version": version, "when": time.strftime("%Y-%m-%d %H:%M"), "result": result}
    _file(folder, name).write_text(json.dumps(record), "utf-8")


def stored_row(folder: Path, name: str, version: str) -> tuple[dict[str, Any], str] | None:
    """Row and time of an earlier run, or None if its version is another."""
    file = _file(folder, name)
    if not file.exists():
        return None
    record = json.loads(file.read_text("utf-8"))
    return (record["result"], record["when"]) if record["version"] == version else None


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(', ', '-').replace(' ', '-').lower()}.json"
