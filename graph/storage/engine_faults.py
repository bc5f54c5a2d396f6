"""Errors of the RDF engine over its files, as errors of ours.

The engine raises RuntimeError ("Corruption: …") for a file that does not hold what it should, and OSError ("IO error:
…") for one that it cannot read. Workers import this module, so it imports little.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from graph.errors import GraphDamaged, HomeError, StorageFull

__all__ = ["store_fault", "translated_store_faults"]

_FILE: Final = re.compile(r"(\d+\.(?:sst|log)|MANIFEST-\d+|CURRENT)\b")

_FULL: Final = tuple(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT))
_PASSING: Final = tuple(os.strerror(code) for code in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN))
_FORBIDDEN: Final = tuple(os.strerror(code) for code in (errno.EACCES, errno.EPERM, errno.ENOSYS, errno.EROFS))
"""How the engine words what the system said. Its errors have no numbers, and one that is met while a store is opened is
called corruption, whatever it is."""


def store_fault(error: BaseException, generation: str = "") -> HomeError | None:
    """The error of ours for an error of the engine, or of a full disk; None for any other.

    >>> store_fault(RuntimeError("Corruption: block checksum mismatch in /srv/atlas/000049.sst"), "000002")
    GraphDamaged('The graph of generation 000002 is damaged: 000049.sst does not hold what was written to it.')
    >>> store_fault(OSError(28, "No space left on device"))
    StorageFull('No room is left on the disk.')
    >>> store_fault(OSError("IO error: While open a file for random read: /srv/atlas/000049.sst: Too many open files"))
    HomeError('The graph cannot be read now: too many open files.')
    >>> store_fault(ValueError("a base IRI without a scheme")) is None
    True
    """
    message = str(error)
    if not isinstance(error, (OSError, RuntimeError)):
        return None
    if isinstance(error, OSError) and any(words in message for words in _FULL):
        return StorageFull("No room is left on the disk.", "Nothing was changed. Make room, then send it again.")
    if not message.startswith("IO error: " if isinstance(error, OSError) else "Corruption: "):
        return None
    for words in _PASSING + _FORBIDDEN:
        if words in message:
            remedy = "Try again in a moment." if words in _PASSING else "Check who may read the files of the atlas."
            return HomeError(f"The graph cannot be read now: {words.lower()}.", remedy)
    fault = "does not hold what was written to it" if isinstance(error, RuntimeError) else "cannot be read"
    if os.strerror(errno.ENOENT) in message:
        fault = "is missing"
    file = _FILE.search(message)
    whose = f"The graph of generation {generation}" if generation else "The graph"
    named = file[1] if file else "one of its files"
    return GraphDamaged(f"{whose} is damaged: {named} {fault}.", "Run: creative-atlas check", generation=generation)


@contextmanager
def translated_store_faults(generation: str = "") -> Iterator[None]:
    """Raise the errors of the engine as errors of ours (see `store_fault`), and all others as they are.

    >>> try:
    ...     with translated_store_faults():
    ...         raise OSError(28, "No space left on device")
    ... except StorageFull as error:
    ...     print(error.message)
    No room is left on the disk.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        fault = store_fault(error, generation)
        if fault is None:
            raise
        raise fault from error
