"""Whether the large files of an index still hold what was written to them.

Opening an index compares sizes, and what is in files of up to 64 kB (`search.index.manifest`). Of the larger ones a
checksum is noted when they are written, beside the record of the index:

    dense/checksums.json        {path below the generation: CRC-32}

Generations share files by hard links, and so they share the notes: only new files are read for them. An index without
notes, as earlier versions wrote it, is as good as before; its large files count as unchecked.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.errors import IndexUnusable
from search.index.manifest import DENSE, REMEDY, SMALL, IndexRecord, held_files, verify

__all__ = [
    "NOTES",
    "FileMark",
    "Soundness",
    "carry_notes",
    "check",
    "is_panic",
    "is_sound",
    "read_notes",
    "reading",
    "require_known",
]

NOTES: Final = "checksums.json"
_PART: Final = 1 << 20

FileMark = tuple[int, int, int, int]
"""What tells a file from others and from itself after a change: device, inode, size, time of the last change in ns."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """What a check found sound. `unchecked`: large files of which no checksum was noted."""

    files: int
    size: int
    unchecked: tuple[str, ...] = ()


def read_notes(generation: Path) -> dict[str, int]:
    """Path below the generation → CRC-32; empty where nothing is noted. Raises IndexUnusable on damaged notes."""
    try:
        return {str(name): int(noted) for name, noted in json.loads((generation / DENSE / NOTES).read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise IndexUnusable("The search index has damaged notes of its checksums.", REMEDY) from error


def carry_notes(source: Path | None, target: Path) -> None:
    """Note the checksums of the large files of `target`, a finished index made from that of `source`.

    Files that both share keep the note they have, or go on without one. What the source has and the target has not was
    read to write what is in its place: raises IndexUnusable where that was damaged, for the damage is now in a file
    that has a checksum of its own.
    """
    known = read_notes(source) if source is not None else {}
    notes: dict[str, int] = {}
    for name, file in held_files(target):
        if file.stat().st_size <= SMALL:
            continue
        shared = source is not None and _same(source / name, file)
        if not shared:
            notes[name] = _checksum(file)
        elif name in known:
            notes[name] = known[name]
    if source is not None:
        for name, noted in known.items():
            if not _same(source / name, target / name):
                _require(source, name, noted)
    (target / DENSE / NOTES).write_text(json.dumps(notes, indent=1, sort_keys=True) + "\n", "utf-8")


def is_sound(generation: Path, name: str, files: Mapping[str, Any], notes: Mapping[str, int]) -> bool:
    """Whether a file is known to be as it was written. `files`: as `IndexRecord.files`; `notes`: of `read_notes`."""
    size, digest = files[name]
    file = generation / name
    try:
        if file.stat().st_size != size:
            return False
        if size <= SMALL:
            return hashlib.sha256(file.read_bytes()).hexdigest() == str(digest)
        return name in notes and _checksum(file) == notes[name]
    except OSError:
        return False


def require_known(generation: Path, record: IndexRecord) -> None:
    """Raises IndexUnusable unless every file of the index is known to be as it was written."""
    unchecked = check(generation, record).unchecked
    if unchecked:
        raise IndexUnusable(f"Nothing tells whether {unchecked[0]} of the search index is sound.", REMEDY)


def check(
    generation: Path,
    record: IndexRecord,
    pause: Callable[[int], None] | None = None,
    known: Mapping[FileMark, object] | None = None,
    found: Callable[[FileMark], None] | None = None,
) -> Soundness:
    """Read the files of an index through. Raises IndexUnusable, naming the file, at the first that is not sound.

    `pause` is called after each MiB with its size; it may raise to stop. Large files in `known` are passed over;
    `found` is told of those that were sound.
    """
    verify(generation, record)
    notes, size, unchecked = read_notes(generation), 0, []
    for name, (length, _) in record.files.items():
        size += length
        if length <= SMALL:
            continue
        if name not in notes:
            unchecked.append(name)
            continue
        mark = _mark(generation / name)
        if known is None or mark not in known:
            _require(generation, name, notes[name], pause)
            if found is not None:
                found(mark)
    return Soundness(len(record.files) - len(unchecked), size, tuple(unchecked))


@contextmanager
def reading() -> Iterator[None]:
    """Raises IndexUnusable in place of what comes of reading damaged files; nothing but that may go wrong within."""
    try:
        yield
    except (OSError, ValueError, LookupError) as error:
        raise IndexUnusable(f"The search index is damaged: {error}.", REMEDY) from error
    except BaseException as error:
        if not is_panic(error):
            raise
        raise IndexUnusable(f"The search index is damaged: {error}.", REMEDY) from error


def is_panic(error: BaseException) -> bool:
    """Whether a library written in Rust gave up, here (that is no Exception to Python) or in a search worker."""
    return type(error).__name__ == "PanicException" or getattr(error, "is_panic", False) is True


def _require(generation: Path, name: str, noted: int, pause: Callable[[int], None] | None = None) -> None:
    try:
        sound = _checksum(generation / name, pause) == noted
    except OSError as error:
        raise IndexUnusable(
            f"The search index is damaged: {name} cannot be read ({error.strerror}).", REMEDY
        ) from error
    if not sound:
        raise IndexUnusable(f"The search index is damaged: {name} does not hold what was written to it.", REMEDY)


def _checksum(file: Path, pause: Callable[[int], None] | None = None) -> int:
    """CRC-32: 2.8 GB/s here, eight times as fast as SHA-256, and chance is all that it has to tell from the truth."""
    checksum = 0
    for part in _parts(file):
        checksum = zlib.crc32(part, checksum)
        if pause is not None:
            pause(len(part))
    return checksum


def _parts(file: Path) -> Iterator[memoryview]:
    room = memoryview(bytearray(_PART))
    with file.open("rb", buffering=0) as stream:
        while size := stream.readinto(room):
            yield room[:size]


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except FileNotFoundError:
        return False


def _mark(file: Path) -> FileMark:
    status = file.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
