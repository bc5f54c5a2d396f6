"""Subset of a test collection, and its identity."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

__all__ = ["cut", "digest"]


def cut(source: Path, passages: int, queries: int, target: Path) -> Path:
    """Smaller set of the same layout: the first queries, their relevant passages, and others up to `passages`."""
    heading, *judged = (source / "qrels.tsv").read_text("utf-8").splitlines()
    query_ids = list(dict.fromkeys(line.split("\t")[0] for line in judged))[: queries or None]
    chosen = [line for line in judged if line.split("\t")[0] in set(query_ids)]
    needed = {line.split("\t")[1] for line in chosen}
    corpus = {json.loads(line)["_id"]: line for line in (source / "corpus.jsonl").read_text("utf-8").splitlines()}
    others = [name for name in corpus if name not in needed]
    passage_ids = needed | set(others[: max(0, passages - len(needed)) if passages else None])
    target.mkdir(parents=True, exist_ok=True)
    _write(target / "qrels.tsv", [heading, *chosen])
    _write(target / "corpus.jsonl", [line for name, line in corpus.items() if name in passage_ids])
    texts = (source / "queries.jsonl").read_text("utf-8").splitlines()
    _write(target / "queries.jsonl", [line for line in texts if json.loads(line)["_id"] in set(query_ids)])
    return target


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", "utf-8")


def digest(source: Path) -> str:
    """SHA-256 prefix over the files of a set."""
    sha256 = hashlib.sha256()
    for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"):
        sha256.update((source / name).read_bytes())
    return sha256.hexdigest()[:12]
