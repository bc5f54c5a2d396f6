"""Sandbox of every child process: how it is started, what it may do, how it talks to its parent, how its end is read.

child.py            start a child with a clean environment; wait for it, kill its process group
exit_reason.py      why a child ended: one table for exit statuses, signals and last words
environment.py      the environment of a child
enter.py            what a child calls first: resource limits, Landlock and seccomp, by the name of a profile
seccomp.py          the filter of system calls (numbers in syscalls.py)
landlock.py         the folders that a child may read and write
descriptors.py      a cap on new descriptors, for systems without seccomp
message_frames.py   length-prefixed msgspec messages on a socket or a pipe
connected_child.py  a child that takes messages on a socket and replies on it
remote_error.py     one of our errors as a message, and back
"""
