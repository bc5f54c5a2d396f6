"""Filter of system calls, seccomp(2), for child processes that read what others wrote.

It takes away the network, other programs, other processes, and every file that is not open, as far as a profile does
not need it. A filter cannot be removed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from typing import Final, Literal

from graph.sandbox.syscalls import CHECKED, MODERN, MODERN_FROM, REFUSED

__all__ = ["Profile", "available", "give_up_privileges", "is_refusal", "refuse_system_calls"]

Profile = Literal["reader", "query", "writer", "searcher"]

_CHANGES_FOLDERS: Final = frozenset({"open", "openat", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir"})

_ALLOWED: Final[dict[Profile, frozenset[str]]] = {
    "reader": frozenset(),
    "query": frozenset(),
    "writer": _CHANGES_FOLDERS
    | {"creat", "truncate", "rename", "renameat", "renameat2", "link", "linkat", "fchmod", "chmod", "fchmodat"}
    | {"utimensat", "copy_file_range", "sendfile"},
    # tantivy opens an index with a lock file, which a searcher makes in a scratch folder of links.
    "searcher": _CHANGES_FOLDERS | {"symlink", "symlinkat"},
}
"""Refused calls that a profile may make all the same, by name. Landlock keeps them to its folders."""

_REFUSALS: Final = (errno.EPERM, errno.ENOSYS)

_MACHINES: Final = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}
"""machine → (column in the tables of numbers, AUDIT_ARCH, number of seccomp(2))."""

_X32_BIT: Final = 0x40000000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_SET_NO_NEW_PRIVS, _SET_NAME, _GET_NAME = 38, 15, 16
_CAPABILITY_VERSION: Final = 0x20080522
_FILE_CAPABILITIES: Final = 0b11111
"""CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID."""
_CLONE_THREAD: Final = 0x00010000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def available() -> bool:
    """True where this system can refuse system calls to a process (Linux with seccomp on a known machine).

    >>> isinstance(available(), bool)
    True
    """
    if not sys.platform.startswith("linux") or platform.machine() not in _MACHINES:
        return False
    action = ctypes.c_uint32(_ERRNO)
    number = _MACHINES[platform.machine()][2]
    get_action_available = 2
    answer: int = _libc().syscall(number, get_action_available, 0, ctypes.byref(action))
    return answer == 0


def is_refusal(error: BaseException) -> bool:
    """True for an error that comes of a refused system call, as Python or a library written in Rust words it.

    Every other failure of the system is an internal error: a file that is missing, a disk or a table of descriptors
    that is full.

    >>> is_refusal(OSError("Operation not permitted (os error 1)")), is_refusal(OSError(24, "Too many open files"))
    (True, False)
    """
    if not isinstance(error, OSError):
        return False
    if error.errno is not None:
        return error.errno in _REFUSALS
    return any(f"(os error {code})" in str(error) for code in _REFUSALS)


def give_up_privileges() -> None:
    """Set `no_new_privs`, which the kernel's fences require, and of root's capabilities keep those for files alone.

    With the others, a process could read the memory and the environment of its parent. Raises OSError.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = _libc()
    if libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    words = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; each a low and, later, a high half
    if libc.capget(header, words) != 0:
        raise OSError(ctypes.get_errno(), "the capabilities cannot be read")
    words[0], words[1], words[2] = words[0] & _FILE_CAPABILITIES, words[1] & _FILE_CAPABILITIES, 0
    words[3] = words[4] = words[5] = 0
    if libc.capset(header, words) != 0:
        raise OSError(ctypes.get_errno(), "the capabilities cannot be given up")


def refuse_system_calls(profile: Profile) -> None:
    """Install the filter of a profile in this thread and all that it starts. Raises OSError where it cannot be done."""
    allowed = _ALLOWED[profile]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in _filter(os.getpid(), allowed))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    set_mode_filter = 1
    if _libc().syscall(_MACHINES[platform.machine()][2], set_mode_filter, 0, ctypes.byref(program)) != 0:
        raise OSError(ctypes.get_errno(), "the seccomp filter was refused")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _filter(pid: int, allowed: frozenset[str]) -> list[_Instruction]:
    """The classic BPF program (seccomp(2)): each rule ends in a return, so that no jump is longer than its rule."""
    column, architecture, _ = _MACHINES[platform.machine()]
    program: list[_Instruction] = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, architecture), _return(_KILL)]
    program += [(_LOAD, 0, 0, 0), (_JUMP_AT_LEAST, 0, 1, _X32_BIT), _return(_KILL)]
    for number in MODERN:
        program += [(_JUMP_EQUAL, 0, 1, number), _return(_ALLOW)]
    program += [(_JUMP_AT_LEAST, 0, 1, MODERN_FROM), _return(_ERRNO | errno.ENOSYS)]
    for name, numbers in REFUSED.items():
        refused = numbers[column]
        if refused is not None and name not in allowed:
            program += [(_JUMP_EQUAL, 0, 1, refused), _return(_ERRNO | errno.EPERM)]
    for name, rule in _argument_rules(pid).items():
        checked = CHECKED[name][column]
        if checked is not None and name not in allowed:
            program += [(_JUMP_EQUAL, 0, len(rule), checked), *rule]
    return [*program, _return(_ALLOW)]


def _argument_rules(pid: int) -> dict[str, list[_Instruction]]:
    return {
        "open": _without(1, _WRITING),
        "openat": _without(2, _WRITING),
        "clone": [_argument(0), (_JUMP_BITS, 0, 1, _CLONE_THREAD), _return(_ALLOW), _return(_ERRNO | errno.EPERM)],
        # abort() signals its own process; signals to any other process, above all the parent, are forbidden.
        "kill": _among(0, pid),
        "tgkill": _among(0, pid),
        "prctl": _among(0, _SET_NAME, _GET_NAME),
        "prlimit64": _among(0, 0, pid),
        # Without an address: only along the connection that it was born with.
        "sendto": [_argument(4), (_JUMP_EQUAL, 0, 3, 0), (_LOAD, 0, 0, 16 + 8 * 4 + 4), (_JUMP_EQUAL, 0, 1, 0),
                   _return(_ALLOW), _return(_ERRNO | errno.EPERM)],
        # A child shares our terminal: it could type there what a shell then runs.
        "ioctl": [_argument(1), (_JUMP_EQUAL, 1, 0, _TIOCSTI), (_JUMP_EQUAL, 0, 1, _TIOCLINUX),
                  _return(_ERRNO | errno.EPERM), _return(_ALLOW)],
    }  # fmt: skip


def _argument(index: int) -> _Instruction:
    """Load the low half of an argument (both machines are little-endian)."""
    return (_LOAD, 0, 0, 16 + 8 * index)


def _return(action: int) -> _Instruction:
    return (_RETURN, 0, 0, action)


def _without(index: int, bits: int) -> list[_Instruction]:
    return [_argument(index), (_JUMP_BITS, 0, 1, bits), _return(_ERRNO | errno.EACCES), _return(_ALLOW)]


def _among(index: int, *values: int) -> list[_Instruction]:
    rule = [_argument(index)]
    for value in values:
        rule += [(_JUMP_EQUAL, 0, 1, value), _return(_ALLOW)]
    return [*rule, _return(_ERRNO | errno.EPERM)]
