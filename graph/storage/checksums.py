"""Checksums of the files of a graph, by which damage is found that opening the store does not show.

They are noted when a generation is published, beside its manifest:

    checksums.json              {file below graph/: [bytes, CRC-32]}

Only the files that the engine reads are noted: the tables, and the two that list them. Generations share tables by hard
links, and so they share checksums: only new files are read for them. A generation of an earlier version has none; it is
used as before, and counts as unchecked. The search index has checksums of its own (`search.index.checksums`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graph.errors import GraphDamaged
from graph.storage.file_checksums import FileMark, checksum_of, is_same_file, mark_of_file

__all__ = ["CHECKSUMS", "GraphSoundness", "check_graph", "note_checksums"]

CHECKSUMS: Final = "checksums.json"
_READ_BY_ENGINE: Final = re.compile(r"\d+\.sst|MANIFEST-\d+|CURRENT")

_Noted = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class GraphSoundness:
    """Result of a check: number and bytes of the sound files. `unchecked`: number of files without a checksum."""

    files: int
    size: int
    unchecked: int = 0


def note_checksums(source: Path | None, target: Path) -> None:
    """Write the checksums of the graph of `target`, a finished generation that was linked from `source`.

    A file that both share keeps its checksum, or stays without one: it may have been damaged meanwhile.
    """
    known = _read(source) if source is not None else {}
    noted: dict[str, tuple[int, int]] = {}
    for file in _files(target):
        if source is None or not is_same_file(source / "graph" / file.name, file):
            noted[file.name] = file.stat().st_size, checksum_of(file)
        elif file.name in known:
            noted[file.name] = known[file.name]
    (target / CHECKSUMS).write_text(json.dumps(noted, indent=1, sort_keys=True) + "\n", "utf-8")


def check_graph(
    generation: Path,
    pause: Callable[[int], None] | None = None,
    known: Mapping[FileMark, object] | None = None,
    on_sound: Callable[[FileMark], None] | None = None,
) -> GraphSoundness:
    """Read the files of a graph. Raises GraphDamaged, which names the file, at the first damaged one.

    `pause` is called after each MiB with its size; it may raise to stop. Files in `known` are skipped; `on_sound` is
    called with each of the others that is sound.

    >>> check_graph(folder)  # nothing is noted
    GraphSoundness(files=0, size=0, unchecked=0)
    """
    noted, total = _read(generation), 0
    for name, (size, checksum) in noted.items():
        file = generation / "graph" / name
        try:
            mark = mark_of_file(file)
            if known is None or mark not in known:
                if mark[2] != size or checksum_of(file, pause) != checksum:
                    raise _damaged(generation, f"{name} does not hold what was written to it")
                if on_sound is not None:
                    on_sound(mark)
        except FileNotFoundError as error:
            raise _damaged(generation, f"{name} is missing") from error
        except OSError as error:
            raise _damaged(generation, f"{name} cannot be read ({error.strerror})") from error
        total += size
    unchecked = sum(file.name not in noted for file in _files(generation))
    return GraphSoundness(len(noted), total, unchecked)


def _files(generation: Path) -> list[Path]:
    """The files that the engine reads, in the order of their names."""
    return sorted(file for file in (generation / "graph").glob("*") if _READ_BY_ENGINE.fullmatch(file.name))


def _read(generation: Path) -> dict[str, tuple[int, int]]:
    try:
        raw = json.loads((generation / CHECKSUMS).read_bytes())
        return {str(name): (int(size), int(checksum)) for name, (size, checksum) in raw.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise _damaged(generation, f"{CHECKSUMS} holds no checksums") from error


def _damaged(generation: Path, fault: str) -> GraphDamaged:
    return GraphDamaged(f"The graph of generation {generation.name} is damaged: {fault}.", generation=generation.name)
