"""Generations on disk, and read-only snapshots of one."""
