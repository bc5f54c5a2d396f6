"""What a query worker cannot do, whatever it is told to: the fences behind the guard.

seccomp(2) takes away the network, other programs, other processes and every file that is not open for reading;
resource limits take away memory, core dumps and further descriptors. The worker enters before it imports the engine
and never gets out: a filter cannot be removed, and hard limits cannot be raised.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from typing import Final

from graph.sandbox.syscalls import CHECKED, MODERN, MODERN_FROM, REFUSED

__all__ = ["FOR_WRITING", "DescriptorFence", "available", "limit_resources", "refuse_system_calls"]

FOR_WRITING: Final = frozenset({
    "open", "openat", "creat", "truncate", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat",
    "mkdir", "mkdirat", "rmdir", "fchmod", "chmod", "fchmodat", "utimensat", "copy_file_range", "sendfile",
})  # fmt: skip
"""What the process that writes an atlas needs beyond a query worker: changes to files."""

_MACHINES: Final = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}
"""machine → (column in the tables of numbers, AUDIT_ARCH, number of seccomp(2))."""

_X32_BIT: Final = 0x40000000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_SET_NO_NEW_PRIVS, _SET_NAME, _GET_NAME = 38, 15, 16
_CLONE_THREAD: Final = 0x00010000
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_HARD_DESCRIPTORS: Final = 4096

_Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def available() -> bool:
    """True where this system can refuse system calls to a worker (Linux with seccomp on a known machine)."""
    if not sys.platform.startswith("linux") or platform.machine() not in _MACHINES:
        return False
    action = ctypes.c_uint32(_ERRNO)
    number = _MACHINES[platform.machine()][2]
    get_action_available = 2
    answer: int = _libc().syscall(number, get_action_available, 0, ctypes.byref(action))
    return answer == 0


def refuse_system_calls(allowed: frozenset[str] = frozenset()) -> None:
    """Install the filter in this thread and all that it will start, but for the calls `allowed` by name.

    Raises OSError where it cannot be done.
    """
    code = b"".join(struct.pack("=HBBI", *each) for each in _filter(os.getpid(), allowed))
    libc = _libc()
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    set_mode_filter = 1
    if libc.syscall(_MACHINES[platform.machine()][2], set_mode_filter, 0, ctypes.byref(program)) != 0:
        raise OSError(ctypes.get_errno(), "the seccomp filter was refused")


def limit_resources(memory: int, spool: int) -> None:
    """Cap the address space and the size of the spool file (bytes); no core dumps; at most 4,096 descriptors."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (spool, spool))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    hard = _HARD_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _HARD_DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if sys.platform.startswith("linux"):
        # macOS takes the call and ignores the limit.
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


class DescriptorFence:
    """No new descriptor while a query runs: a socket fails with EMFILE even where there is no seccomp."""

    def __init__(self) -> None:
        self._hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    def narrow(self, spare: int = 0) -> None:
        """Allow `spare` more descriptors than are open: files that the store opens only when it reads them."""
        free = [os.dup(0) for _ in range(spare + 1)]
        for descriptor in free:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(free[-1], self._hard), self._hard))

    def widen(self) -> int:
        """Between queries, so that another generation can be opened. No descriptor is as high as the number given."""
        below = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        resource.setrlimit(resource.RLIMIT_NOFILE, (self._hard, self._hard))
        return below


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
        # abort() signals itself; nobody else is to be signalled, the parent least of all.
        "kill": _among(0, pid),
        "tgkill": _among(0, pid),
        "prctl": _among(0, _SET_NAME, _GET_NAME),
        "prlimit64": _among(0, 0, pid),
        # Without an address: only along the connection that it was born with.
        "sendto": [_argument(4), (_JUMP_EQUAL, 0, 3, 0), (_LOAD, 0, 0, 16 + 8 * 4 + 4), (_JUMP_EQUAL, 0, 1, 0),
                   _return(_ALLOW), _return(_ERRNO | errno.EPERM)],
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
