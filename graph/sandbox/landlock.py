"""Landlock (landlock(7)): the folders that a process may read and write, for processes that must open files by name."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Sequence
from typing import Final

__all__ = ["available", "restrict"]

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on every machine."""

_VERSION_FLAG: Final = 1
_PATH_BENEATH: Final = 1
_MIN_VERSION: Final = 2
"""Version 1 refuses every hard link between folders, which generations are made of."""

# Rights: LANDLOCK_ACCESS_FS_* of <linux/landlock.h>.
_EXECUTE: Final = 1 << 0
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_CHANGE_FOLDER: Final = sum(1 << bit for bit in (4, 5, 7, 8, 12, 13))
"""Remove folders and files; make folders, files and symbolic links; link and rename between folders."""
_SPECIAL_FILES: Final = sum(1 << bit for bit in (6, 9, 10, 11))
_OF_FILES: Final = _READ_FILE | _WRITE_FILE | _TRUNCATE


def available() -> bool:
    """True where this kernel has Landlock, of a version that can be used."""
    return _version() >= _MIN_VERSION


def restrict(readable: Sequence[str] | None, writable: Sequence[str]) -> bool:
    """Allow this thread, and all that it starts, to read what is `readable` or `writable`, and change what is
    `writable`: files, or folders with all that they hold. None as `readable`: every file may be read.

    False where the kernel cannot. `no_new_privs` must be set. A path that does not exist is left out. Raises OSError.
    """
    version = _version()
    if version < _MIN_VERSION:
        return False
    reading = 0 if readable is None else _READ_FILE | _READ_FOLDER
    writing = _WRITE_FILE | _CHANGE_FOLDER | (_TRUNCATE if version >= 3 else 0)
    attribute = struct.pack("=Q", _EXECUTE | reading | writing | _SPECIAL_FILES)
    rules = _call(_CREATE_RULESET, attribute, len(attribute), 0)
    try:
        for path in readable or ():
            if reading:
                _allow(rules, path, reading)
        for path in writable:
            _allow(rules, path, reading | writing)
        _call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    return True


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112  # the modules of paths are imported after the fences
            rights &= _OF_FILES
        _call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)


def _version() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    try:
        return _call(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            return 0
        raise


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    # Pointers and sizes are words; a plain int would be passed as 32 bits.
    words = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *words))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
