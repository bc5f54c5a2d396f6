"""Record of an index: what it was made of and with, and the check that its files still are as recorded.

The record is kept beside the index (`dense/index.json`) and copied into the generation's manifest. `FORMAT` rises with
every change that makes older indexes unusable: they are then rebuilt from the graph.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from graph.errors import IndexMissing, IndexUnusable
from search.index import schema

__all__ = [
    "DENSE",
    "FORMAT",
    "LEXICAL",
    "RECORD",
    "REMEDY",
    "SMALL_FILE_BYTES",
    "IndexRecord",
    "files_of",
    "index_files",
    "read_record",
    "verify",
    "write_record",
]

FORMAT: Final = f"3.{schema.FORMAT}"
LEXICAL: Final = "lexical"
DENSE: Final = "dense"
RECORD: Final = "index.json"
REMEDY: Final = "It can be rebuilt from the graph, which is unharmed."

SMALL_FILE_BYTES: Final = 65_536
"""Size up to which the content of a file is compared when the index is opened. See `search.index.checksums` for larger
files."""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """What an index holds, and its files.

    `digest`: of all items, whatever their order. `floor`: see `search.encoders.relevance_threshold`. `files`: path
    below the generation → (bytes, SHA-256 of a small file or "").
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
        """The record in JSON types."""
        values = asdict(self) | {"files": {name: list(state) for name, state in self.files.items()}}
        values["units"] = values.pop("items")
        return values

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> IndexRecord:
        """The inverse of `to_dict`. Raises IndexUnusable for a record of another format, or a damaged one."""
        if raw.get("format") != FORMAT:
            message = f"The search index has format {raw.get('format')}, this version reads {FORMAT}."
            raise IndexUnusable(message, REMEDY)
        try:
            files = {str(name): (int(size), str(digest)) for name, (size, digest) in raw["files"].items()}
            values = {**raw, "files": files, "items": raw["units"]}
            del values["units"]
            return cls(**values)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise IndexUnusable("The search index has a damaged description of itself.", REMEDY) from error

    def check_encoder(self, encoder: str) -> None:
        """Raise IndexUnusable if the vectors are of another encoder."""
        if encoder != self.encoder:
            raise IndexUnusable(
                f"The search index was made with the encoder {self.encoder}, the setting says {encoder}.",
                "Rebuild the index, or set the encoder back.",
            )


def index_files(generation: Path) -> Iterator[tuple[str, Path]]:
    """Every file that an opened index reads, except for the record: path below the generation, and full path."""
    for folder in (LEXICAL, DENSE):
        for file in sorted((generation / folder).iterdir()):
            if file.suffix != ".lock" and file.name not in (RECORD, ".managed.json"):
                yield f"{folder}/{file.name}", file


def files_of(generation: Path) -> dict[str, tuple[int, str]]:
    """As `IndexRecord.files`, for the files as they are now."""
    return {name: _state(file) for name, file in index_files(generation)}


def read_record(generation: Path) -> IndexRecord:
    """The record of the index in a generation.

    Raises IndexMissing if there is none, IndexUnusable if it cannot be read.

    >>> read_record(folder / "nothing")
    Traceback (most recent call last):
    graph.errors.IndexMissing: There is no search index. It can be rebuilt from the graph, which is unharmed.
    """
    try:
        raw = json.loads((generation / DENSE / RECORD).read_bytes())
    except FileNotFoundError as error:
        raise IndexMissing("There is no search index.", REMEDY) from error
    except (OSError, ValueError) as error:
        raise IndexUnusable("The search index has an unreadable description of itself.", REMEDY) from error
    return IndexRecord.from_dict(raw)


def write_record(generation: Path, record: IndexRecord) -> None:
    """Write the record beside the index."""
    text = json.dumps(record.to_dict(), indent=1, sort_keys=True) + "\n"
    (generation / DENSE / RECORD).write_text(text, "utf-8")


def verify(generation: Path, record: IndexRecord) -> None:
    """Raise IndexUnusable if a file is missing, has another size, or (a small one) another content. About 1 ms."""
    for name, recorded in record.files.items():
        try:
            state = _state(generation / name)
        except OSError as error:
            raise IndexUnusable(f"The search index is damaged: {name} is missing or unreadable.", REMEDY) from error
        if state != recorded:
            raise IndexUnusable(f"The search index is damaged: {name} has changed.", REMEDY)


def _state(file: Path) -> tuple[int, str]:
    size = file.stat().st_size
    return size, hashlib.sha256(file.read_bytes()).hexdigest() if size <= SMALL_FILE_BYTES else ""
