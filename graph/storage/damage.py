"""Damage of a graph: recognised in the errors of the engine, and told with what can be done about it.

The engine raises RuntimeError ("Corruption: …") for a file that does not hold what it should, and OSError ("IO error:
…") for one that it cannot read.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from graph.errors import AtlasError, GraphDamaged, HomeError, NotAnAtlas, StorageFull
from graph.storage.checksums import check_graph
from graph.storage.generations import Generation, Home

__all__ = ["explain_damage", "last_whole", "store_fault", "translated_store_faults"]

_FILE: Final = re.compile(r"(\d+\.(?:sst|log)|MANIFEST-\d+|CURRENT)\b")
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS: Final = tuple(os.strerror(code) for code in _FULL)
"""How the engine, whose errors have no number, words them."""


def store_fault(error: BaseException, generation: str = "") -> HomeError | None:
    """The error of ours for an error of the engine, or of a file of the atlas; None for any other.

    >>> store_fault(RuntimeError("Corruption: block checksum mismatch in /srv/atlas/000049.sst"), "000002")
    GraphDamaged('The graph of generation 000002 is damaged: 000049.sst does not hold what was written to it.')
    >>> store_fault(OSError(28, "No space left on device"))
    StorageFull('No room is left on the disk.')
    >>> store_fault(ValueError("a base IRI without a scheme")) is None
    True
    """
    message = str(error)
    if isinstance(error, OSError):
        if error.errno in _FULL or any(words in message for words in _FULL_WORDS):
            return StorageFull("No room is left on the disk.", "Nothing was changed. Make room, then send it again.")
        if not message.startswith("IO error: "):
            return None
        fault = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
    elif isinstance(error, RuntimeError) and message.startswith("Corruption: "):
        fault = "is missing" if "No such file" in message else "does not hold what was written to it"
    else:
        return None
    file = _FILE.search(message)
    whose = f"The graph of generation {generation}" if generation else "The graph"
    named = file[1] if file else "one of its files"
    return GraphDamaged(f"{whose} is damaged: {named} {fault}.", "Run: creative-atlas check", generation=generation)


@contextmanager
def translated_store_faults(generation: str = "") -> Iterator[None]:
    """Raise the errors of the engine as errors of ours (see `store_fault`), and all others as they are."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        fault = store_fault(error, generation)
        if fault is None:
            raise
        raise fault from error


def last_whole(home: Home, generation: str = "") -> Generation | None:
    """The newest generation below `generation` whose graph is as it was written; None where there is none.

    Its files are read through, which takes a second for each two gigabytes.
    """
    for candidate in reversed(home.whole()):
        if generation and candidate.name >= generation:
            continue
        try:
            if check_graph(candidate.path).files:
                return candidate
        except AtlasError:
            continue
    return None


def explain_damage(home: Home, error: GraphDamaged) -> GraphDamaged:
    """The error with what can be done: the last whole generation, where there is one."""
    try:
        name = error.generation or home.require().name
    except NotAnAtlas:
        name = ""
    whole = last_whole(home, name)
    remedy = "No earlier generation is whole: restore the directory from a backup, or build the atlas anew."
    if whole is not None:
        remedy = (
            f"Generation {whole.name} is whole: creative-atlas rollback {whole.name} goes back to it, after it has said"
            " which writes go. Or restore a backup."
        )
    return GraphDamaged(error.message, remedy, generation=name)
