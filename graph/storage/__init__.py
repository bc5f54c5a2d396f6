"""Storage: generations on disk, and read-only snapshots of one."""
