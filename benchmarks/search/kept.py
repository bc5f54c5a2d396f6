"""What a comparison keeps: cuts of a set, and the rows of engines that were measured before."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import time
from pathlib import Path
from typing import Any

__all__ = ["cut", "digest", "keep", "kept", "versions"]

_CODE = ("engines.py", "measure.py", "clients.py")
_PACKAGES = ("torch", "sentence-transformers", "transformers", "faiss-cpu", "tantivy")


def cut(source: Path, passages: int, queries: int, target: Path) -> Path:
    """A smaller set of the same layout: the first queries, the passages that answer them, and others to that number."""
    heading, *judged = (source / "qrels.tsv").read_text("utf-8").splitlines()
    asked = list(dict.fromkeys(line.split("\t")[0] for line in judged))[: queries or None]
    chosen = [line for line in judged if line.split("\t")[0] in set(asked)]
    needed = {line.split("\t")[1] for line in chosen}
    corpus = {json.loads(line)["_id"]: line for line in (source / "corpus.jsonl").read_text("utf-8").splitlines()}
    others = [name for name in corpus if name not in needed]
    held = needed | set(others[: max(0, passages - len(needed)) if passages else None])
    target.mkdir(parents=True, exist_ok=True)
    _write(target / "qrels.tsv", [heading, *chosen])
    _write(target / "corpus.jsonl", [line for name, line in corpus.items() if name in held])
    texts = (source / "queries.jsonl").read_text("utf-8").splitlines()
    _write(target / "queries.jsonl", [line for line in texts if json.loads(line)["_id"] in set(asked)])
    return target


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", "utf-8")


def digest(source: Path) -> str:
    """Tells a set from others."""
    whole = hashlib.sha256()
    for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"):
        whole.update((source / name).read_bytes())
    return whole.hexdigest()[:12]


def versions(peers: tuple[str, ...]) -> str:
    """Of all that decides what a peer's row says: its release, those below it, and how it is measured."""
    code = hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in _CODE)).hexdigest()[:12]
    installed = (f"{name}=={importlib.metadata.version(name)}" for name in _PACKAGES)
    return " ".join((*peers, *installed, code))


def keep(folder: Path, name: str, version: str, result: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    record = {"version": version, "when": time.strftime("%Y-%m-%d %H:%M"), "result": result}
    _file(folder, name).write_text(json.dumps(record), "utf-8")


def kept(folder: Path, name: str, version: str) -> tuple[dict[str, Any], str] | None:
    """The row of an earlier run and when that was, if it still is the row of this version."""
    file = _file(folder, name)
    if not file.exists():
        return None
    record = json.loads(file.read_text("utf-8"))
    return (record["result"], record["when"]) if record["version"] == version else None


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(', ', '-').replace(' ', '-').lower()}.json"
