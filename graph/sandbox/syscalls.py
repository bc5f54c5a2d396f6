"""System calls that child processes are refused, with their numbers on the two machines that the filter knows.

The numbers are the kernel's own (`asm/unistd_64.h`, `asm-generic/unistd.h`); None where a machine has no such call.
Calls from 424 on have the same number everywhere and are refused as a whole, but for a few: see `MODERN`.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CHECKED", "MODERN", "MODERN_FROM", "REFUSED"]

_Numbers = tuple[int | None, int | None]

# fmt: off
REFUSED: Final[dict[str, _Numbers]] = {
    # the network
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "setsockopt": (54, 208),
    # other programs and processes
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "unshare": (272, 97), "setns": (308, 268),
    "personality": (135, 92),
    # the kernel: ways round a filter, tracing, keys, modules
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "memfd_create": (319, 279),
    "io_setup": (206, 0), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "syslog": (103, 116), "modify_ldt": (154, None),
    "ioperm": (173, None), "iopl": (172, None), "uselib": (134, None), "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42), "vhangup": (153, 58), "acct": (163, 89),
    # changes to files other than the spool, which is handed over open
    "creat": (85, None), "truncate": (76, 45), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36), "unlink": (87, None),
    "unlinkat": (263, 35), "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "mknod": (133, None),
    "mknodat": (259, 33), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "utimensat": (280, 88), "futimesat": (261, None), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "fanotify_init": (300, 262), "inotify_init": (253, None), "inotify_init1": (294, 26),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # mounts, identity, clocks, priorities
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "swapon": (167, 224),
    "swapoff": (168, 225), "quotactl": (179, 60), "sethostname": (170, 161), "setdomainname": (171, 162),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setresuid": (117, 147), "setresgid": (119, 149), "setgroups": (116, 159), "setfsuid": (122, 151),
    "setfsgid": (123, 152), "capset": (126, 91), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "sched_setaffinity": (203, 122), "migrate_pages": (256, 238), "move_pages": (279, 239),
    # memory shared with other processes
    "shmget": (29, 194), "shmat": (30, 196), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # copies between descriptors
    "tee": (276, 77), "splice": (275, 76), "vmsplice": (278, 75), "sendfile": (40, 71), "copy_file_range": (326, 285),
}
"""name → (x86_64, aarch64)."""

CHECKED: Final[dict[str, _Numbers]] = {
    "open": (2, None), "openat": (257, 56), "clone": (56, 220), "kill": (62, 129), "tgkill": (234, 131),
    "prctl": (157, 167), "sendto": (44, 206), "prlimit64": (302, 261), "ioctl": (16, 29),
}
# fmt: on
"""Allowed with some arguments only: name → (x86_64, aarch64)."""

MODERN_FROM: Final = 424
"""From here on a call is unknown (ENOSYS) unless in `MODERN`: io_uring, pidfd, clone3, openat2 and what is to come."""

MODERN: Final = (436, 439, 441, 449)
"""close_range, faccessat2, epoll_pwait2, futex_waitv."""
