"""Checksums of the large files of an index, by which damage is found.

Opening an index compares the sizes of all files, and the content of files up to 64 kB (`search.index.manifest`). The
checksum of a larger file is noted when the file is written, beside the record of the index:

    dense/checksums.json        {path below the generation: CRC-32}

Generations share files by hard links, and so they share these checksums: only new files are read for them. An index
without them, as earlier versions wrote it, is used as before; its large files count as unchecked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.errors import IndexUnusable
from graph.storage.file_checksums import FileMark, checksum_of, is_same_file, mark_of_file
from search.index.manifest import DENSE, REMEDY, SMALL_FILE_BYTES, IndexRecord, index_files, verify

__all__ = [
    "CHECKSUMS",
    "Soundness",
    "check",
    "damage_as_index_unusable",
    "is_panic",
    "is_sound",
    "read_checksums",
    "require_sound",
    "write_checksums",
]

CHECKSUMS: Final = "checksums.json"


@dataclass(frozen=True, slots=True)
class Soundness:
    """Result of a check: number and bytes of the sound files. `unchecked`: large files without a checksum."""

    files: int
    size: int
    unchecked: tuple[str, ...] = ()


def read_checksums(generation: Path) -> dict[str, int]:
    """Path below the generation → CRC-32; empty if there are none. Raises IndexUnusable if the file is damaged."""
    try:
        raw = json.loads((generation / DENSE / CHECKSUMS).read_bytes())
        return {str(name): int(checksum) for name, checksum in raw.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise IndexUnusable("The search index has damaged notes of its checksums.", REMEDY) from error


def write_checksums(source: Path | None, target: Path) -> None:
    """Write the checksums of the large files of `target`, a finished index made from that of `source`.

    A file that both share keeps its checksum, or stays without one. A file that only the source has was read to write
    its successor. If such a file was damaged, IndexUnusable is raised: the damage is now in a file with a valid
    checksum.
    """
    known = read_checksums(source) if source is not None else {}
    checksums: dict[str, int] = {}
    for name, file in index_files(target):
        if file.stat().st_size <= SMALL_FILE_BYTES:
            continue
        is_shared = source is not None and is_same_file(source / name, file)
        if not is_shared:
            checksums[name] = checksum_of(file)
        elif name in known:
            checksums[name] = known[name]
    if source is not None:
        for name, checksum in known.items():
            if not is_same_file(source / name, target / name):
                _require(source, name, checksum)
    (target / DENSE / CHECKSUMS).write_text(json.dumps(checksums, indent=1, sort_keys=True) + "\n", "utf-8")


def is_sound(generation: Path, name: str, files: Mapping[str, Any], checksums: Mapping[str, int]) -> bool:
    """Whether a file is known to be as it was written.

    `files`: as `IndexRecord.files`; `checksums`: from `read_checksums`.
    """
    size, digest = files[name]
    file = generation / name
    try:
        if file.stat().st_size != size:
            return False
        if size <= SMALL_FILE_BYTES:
            return hashlib.sha256(file.read_bytes()).hexdigest() == str(digest)
        return name in checksums and checksum_of(file) == checksums[name]
    except OSError:
        return False


def require_sound(generation: Path, record: IndexRecord) -> None:
    """Raise IndexUnusable unless every file of the index is known to be as it was written."""
    unchecked = check(generation, record).unchecked
    if unchecked:
        raise IndexUnusable(f"It is not known whether {unchecked[0]} of the search index is sound.", REMEDY)


def check(
    generation: Path,
    record: IndexRecord,
    pause: Callable[[int], None] | None = None,
    known: Mapping[FileMark, object] | None = None,
    on_sound: Callable[[FileMark], None] | None = None,
) -> Soundness:
    """Read all files of an index. Raises IndexUnusable, which names the file, at the first damaged one.

    `pause` is called after each MiB with its size; it may raise to stop. Large files in `known` are skipped; `on_sound`
    is called with each of the others that is sound.

    >>> from search.index.manifest import IndexRecord
    >>> empty = IndexRecord("ones/1", "", dimension=1, floor=1.0)
    >>> check(folder, empty)
    Soundness(files=0, size=0, unchecked=())
    """
    verify(generation, record)
    checksums, size, unchecked = read_checksums(generation), 0, []
    for name, (length, _) in record.files.items():
        size += length
        if length <= SMALL_FILE_BYTES:
            continue
        if name not in checksums:
            unchecked.append(name)
            continue
        mark = mark_of_file(generation / name)
        if known is None or mark not in known:
            _require(generation, name, checksums[name], pause)
            if on_sound is not None:
                on_sound(mark)
    return Soundness(len(record.files) - len(unchecked), size, tuple(unchecked))


@contextmanager
def damage_as_index_unusable() -> Iterator[None]:
    """Raise IndexUnusable for every error that reading damaged files can cause."""
    try:
        yield
    except (OSError, ValueError, LookupError) as error:
        raise IndexUnusable(f"The search index is damaged: {error}.", REMEDY) from error
    except BaseException as error:
        if not is_panic(error):
            raise
        raise IndexUnusable(f"The search index is damaged: {error}.", REMEDY) from error


def is_panic(error: BaseException) -> bool:
    """Whether a library written in Rust panicked, in this process (its error is no `Exception`) or in a search worker.

    >>> is_panic(ValueError("an ordinary error"))
    False
    """
    return type(error).__name__ == "PanicException" or getattr(error, "is_panic", False) is True


def _require(generation: Path, name: str, checksum: int, pause: Callable[[int], None] | None = None) -> None:
    try:
        sound = checksum_of(generation / name, pause) == checksum
    except OSError as error:
        raise IndexUnusable(
            f"The search index is damaged: {name} cannot be read ({error.strerror}).", REMEDY
        ) from error
    if not sound:
        raise IndexUnusable(f"The search index is damaged: {name} does not hold what was written to it.", REMEDY)
