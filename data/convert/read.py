"""Reader of the fact base: JSON Lines become records; every error names file and line."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FactBase", "Record", "read", "table"]

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FactBase:
    """Records of the fact base, one tuple per file, in the file's order."""

    entities: tuple[Record, ...]
    relations: tuple[Record, ...]
    statistics: tuple[Record, ...]
    sources: tuple[Record, ...]
    conflicts: tuple[Record, ...]
    authorities: tuple[Record, ...]


def read(folder: Path) -> FactBase:
    """Read the fact base. Raises FileNotFoundError for a missing file, ValueError with the line for bad JSON."""
    return FactBase(
        entities=_lines(folder / "entities.jsonl"),
        relations=_lines(folder / "relations.jsonl"),
        statistics=_lines(folder / "statistics.jsonl"),
        sources=_lines(folder / "sources.jsonl"),
        conflicts=_lines(folder / "conflicts.jsonl"),
        authorities=_lines(folder / "gazetteer_local_authorities.jsonl"),
    )


def table(name: str) -> Record:
    """The TOML table of this name, beside this module."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def _lines(path: Path) -> tuple[Record, ...]:
    records: list[Record] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {number}: {error.msg}") from error
        records.append(record)
    return tuple(records)
