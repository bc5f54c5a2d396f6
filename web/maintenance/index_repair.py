"""Rebuilds a search index that is missing, damaged or of another encoder, from the graph that it is derived from."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from graph.errors import IndexUnusable
from graph.sandbox.child import Child
from graph.storage.generations import Generation, Home
from graph.write.writer import Changes, Writer
from search.index.checksums import Soundness, check, is_panic
from search.index.manifest import read_record
from web.maintenance.background_thread import start_thread
from web.settings import Settings

__all__ = ["IndexRebuilder", "index_damage", "reindex", "verify_index"]


log = logging.getLogger(__name__)


def reindex(writer: Writer) -> Generation | None:
    """Publish a generation with the same graph and a sound index; what is sound in the old index is kept."""
    with writer.session() as session:
        return session.change(lambda store: Changes(everything=True))


def verify_index(generation: Generation) -> Soundness:
    """Compare the files of the index with the checksums that were noted when they were written.

    Raises IndexUnusable where they differ.
    """
    return check(generation.path, read_record(generation.path))


def index_damage(error: BaseException, home: Home) -> IndexUnusable | None:
    """The damage that an unexpected error of a command comes from, None where the index is sound.

    Files without checksums are taken for damaged where a library gave up over them.
    """
    try:
        soundness = verify_index(home.require())
    except IndexUnusable as damage:
        return damage
    return IndexUnusable("The search index cannot be read.") if is_panic(error) and soundness.unchecked else None


class IndexRebuilder:
    """Rebuilds the index of a server in a child process, one at a time, while other requests go on.

    The child is the command `creative-atlas reindex`. It is not fenced: it reads the graph and the models, nothing that
    a client sent, uses every core, and may have to export the default model, for which libraries start programs. It
    goes on when the server ends.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._status: int | None = None

    def __call__(self, error: IndexUnusable) -> IndexUnusable:
        """Start the rebuild unless it runs. Returns the error that readers get until it ends."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._status = None
                self._thread = start_thread(self._rebuild, "index-rebuild")
        return type(error)(error.message, "It is being built from the graph; try again in a minute.")

    def wait(self, seconds: float) -> int | None:
        """The exit status of the last rebuild; None where none was started, or it still runs after so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._status

    def _rebuild(self) -> None:
        settings = self._settings
        model = Path(settings.model)  # a name, or a folder that may be relative to ours
        environment = {
            "CREATIVE_ATLAS_CACHE": str(settings.cache.absolute()),
            "CREATIVE_ATLAS_MODEL": str(model.absolute() if model.exists() else model),
        }
        try:
            child = Child("web.cli.main", ["reindex", "--home", str(settings.home.absolute())], environment=environment)
        except OSError as error:
            log.warning("the search index cannot be rebuilt: %s", error)
            return
        death = child.end(patience=None)
        self._status = death.status
        if death.status:
            log.warning("the search index was not rebuilt: %s", death.detail)
