"""What an index says of itself, and the check that it still is what it says.

The record is kept beside the index (`dense/index.json`) and goes into the generation's manifest as it is. `FORMAT`
rises with every change that makes an index of the version before unusable: it is then rebuilt from the graph.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from graph.errors import IndexUnusable
from search.index import schema

__all__ = [
    "DENSE",
    "FORMAT",
    "LEXICAL",
    "RECORD",
    "REMEDY",
    "SMALL",
    "IndexRecord",
    "files_of",
    "held_files",
    "read_record",
    "verify",
    "write_record",
]

FORMAT: Final = f"3.{schema.FORMAT}"
LEXICAL: Final = "lexical"
DENSE: Final = "dense"
RECORD: Final = "index.json"
REMEDY: Final = "It can be rebuilt from the graph, which is unharmed."
SMALL: Final = 65_536
"""Bytes up to which a file is compared by what is in it when the index is opened; see `search.index.checksums` for
others."""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """`digest` is a digest of all units, whatever their order. `floor`: see `search.encoders.relevance_threshold`.

    `files`: path below the generation → [size, sha256 for small files or ""].
    """

    encoder: str
    encoder_sha256: str
    dimension: int
    floor: float
    items: int = 0
    """Number of indexed items. Its key in the JSON is `units`."""
    entities: int = 0
    next_slot: int = 0
    digest: str = "0" * 64
    format: str = FORMAT
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON types only."""
        values = asdict(self) | {"files": {name: list(noted) for name, noted in self.files.items()}}
        values["units"] = values.pop("items")
        return values

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> IndexRecord:
        """Raises IndexUnusable on a record that is not of this format."""
        if raw.get("format") != FORMAT:
            found = raw.get("format")
            raise IndexUnusable(f"The search index has format {found}, this version reads {FORMAT}.", REMEDY)
        try:
            files = {str(name): (int(size), str(digest)) for name, (size, digest) in raw["files"].items()}
            values = {**raw, "files": files, "items": raw["units"]}
            del values["units"]
            return cls(**values)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise IndexUnusable("The search index has a damaged description of itself.", REMEDY) from error

    def check_encoder(self, encoder: str) -> None:
        """Raises IndexUnusable when the vectors are of another encoder."""
        if encoder != self.encoder:
            raise IndexUnusable(
                f"The search index was made with the encoder {self.encoder}, the setting says {encoder}.",
                "Rebuild the index, or set the encoder back.",
            )


def held_files(generation: Path) -> Iterator[tuple[str, Path]]:
    """Every file that an opened index reads, but for the record: its path below the generation, and where it is."""
    for folder in (LEXICAL, DENSE):
        for file in sorted((generation / folder).iterdir()):
            if file.suffix != ".lock" and file.name not in (RECORD, ".managed.json"):
                yield f"{folder}/{file.name}", file


def files_of(generation: Path) -> dict[str, tuple[int, str]]:
    """Size and, up to 64 kB, checksum of every file that an opened index reads."""
    return {name: _note(file) for name, file in held_files(generation)}


def read_record(generation: Path) -> IndexRecord:
    """Raises IndexUnusable when there is none or it cannot be read."""
    try:
        raw = json.loads((generation / DENSE / RECORD).read_bytes())
    except FileNotFoundError as error:
        raise IndexUnusable("There is no search index.", REMEDY) from error
    except (OSError, ValueError) as error:
        raise IndexUnusable("The search index has an unreadable description of itself.", REMEDY) from error
    return IndexRecord.from_dict(raw)


def write_record(generation: Path, record: IndexRecord) -> None:
    text = json.dumps(record.to_dict(), indent=1, sort_keys=True) + "\n"
    (generation / DENSE / RECORD).write_text(text, "utf-8")


def verify(generation: Path, record: IndexRecord) -> None:
    """Raises IndexUnusable when a file is missing, of another size, or (small ones) of other content. About 1 ms."""
    for name, noted in record.files.items():
        try:
            found = _note(generation / name)
        except OSError as error:
            raise IndexUnusable(f"The search index is damaged: {name} is missing or unreadable.", REMEDY) from error
        if found != noted:
            raise IndexUnusable(f"The search index is damaged: {name} has changed.", REMEDY)


def _note(file: Path) -> tuple[int, str]:
    size = file.stat().st_size
    return size, hashlib.sha256(file.read_bytes()).hexdigest() if size <= SMALL else ""
