"""A search index that is missing, damaged or of another encoder is made anew from the graph it is derived from."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from graph.errors import IndexUnusable
from graph.storage.generations import Generation, Home
from graph.write.writer import Changes, Writer
from search.index.checksums import Soundness, check, is_panic
from search.index.manifest import read_record
from web.settings import Settings

__all__ = ["IndexRebuilder", "damage_behind", "look_through", "reindex"]


def reindex(writer: Writer) -> Generation | None:
    """Publish a generation with the same graph and a sound index; what is sound in the old one is kept."""
    with writer.session() as session:
        return session.change(lambda store: Changes(everything=True))


def look_through(generation: Generation) -> Soundness:
    """Compare the files of the index with what was written to them. Raises IndexUnusable where they differ."""
    return check(generation.path, read_record(generation.path))


def damage_behind(error: BaseException, home: Home) -> IndexUnusable | None:
    """For a command: the damage that an unexpected error comes from, None where the index is sound.

    What cannot be told from its checksums is taken for damage where a library gave up over it.
    """
    try:
        found = look_through(home.require())
    except IndexUnusable as damage:
        return damage
    return IndexUnusable("The search index cannot be read.") if is_panic(error) and found.unchecked else None


class IndexRebuilder:
    """For a server: rebuilds in a process of its own, one at a time, while other requests go on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def __call__(self, error: IndexUnusable) -> IndexUnusable:
        """Start the rebuild unless it runs. Returns the error as readers should see it meanwhile."""
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                command = [sys.executable, "-c", "from web.cli.main import main; main()", "reindex"]
                settings = self._settings
                chosen = {"CREATIVE_ATLAS_CACHE": str(settings.cache), "CREATIVE_ATLAS_MODEL": settings.model}
                self._child = subprocess.Popen(
                    [*command, "--home", str(settings.home)],
                    env={**os.environ, **chosen},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
        return IndexUnusable(error.message, "It is being made anew from the graph; try again in a minute.")

    def wait(self, seconds: float) -> int | None:
        """The exit status of the rebuild under way; None where none was started. Raises subprocess.TimeoutExpired."""
        return None if self._child is None else self._child.wait(seconds)
