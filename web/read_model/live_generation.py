"""The live generation as requests see it: opened once, shared by all threads, replaced when CURRENT moves on.

Each request asks `Live.view()`; that reads one small file and compares. A view stays usable while a request
holds it, even when its generation has been deleted from disk meanwhile.

Which generation is live, asked at every request without opening it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from graph.errors import HomeError
from graph.sparql.pool.cache import generation_key
from graph.storage.generations import Generation, Home
from graph.storage.snapshot import Snapshot
from graph.write.writer import CONTENT
from search.indexing.lag import mark_of

__all__ = ["Current", "Live", "View"]

T = TypeVar("T")

_TRIES = 5


class View:
    """One generation, opened. `once` keeps what is worked out from it, for as long as it is live.

    `indexed`: what earlier views kept by `as_indexed`. `content` tells what it holds from what any other holds, but for
    those that differ in their index alone: entity tags of graphs begin with it.
    """

    def __init__(self, generation: Generation, indexed: dict[str, tuple[Any, Any]] | None = None) -> None:
        self.generation = generation
        self.manifest: dict[str, Any] = generation.manifest()
        # Manifests of earlier versions tell no contents apart; then each generation has its own.
        self.content: str = self.manifest.get(CONTENT) or generation_key(str(generation.path))
        self.snapshot = Snapshot.open(generation)
        self._kept: dict[str, Any] = {}
        self._indexed = indexed if indexed is not None else {}
        self._lock = threading.RLock()

    def once(self, name: str, make: Callable[[View], T]) -> T:
        """The value of `make(self)`, made at the first call under this name and then kept."""
        if name not in self._kept:
            with self._lock:
                if name not in self._kept:
                    self._kept[name] = make(self)
        kept: T = self._kept[name]
        return kept

    def as_indexed(self, name: str, make: Callable[[View], T]) -> T:
        """As `once`, but kept on for later generations as long as they have the same search index.

        For what belongs to the index, or is only as good as it is: after an update the index lags behind a while, and
        making such things anew for each of a hundred updates would keep the searches waiting.
        """
        mark = mark_of(self.manifest)
        found = self._indexed.get(name)
        if found is None or found[0] != mark:
            with self._lock:
                found = self._indexed.get(name)
                if found is None or found[0] != mark:
                    found = self._indexed[name] = (mark, make(self))
        kept: T = found[1]
        return kept

    def replace(self, name: str, value: object, *, without: tuple[str, ...] = ()) -> None:
        """Keep a better value, and forget those that were worked out from the one before."""
        with self._lock:
            self._kept[name] = value
            for other in without:
                self._kept.pop(other, None)


def _read(path: str) -> str:
    """A short line of text; at every request, so without the layers of `Path.read_text`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 256).decode("ascii").strip()
    finally:
        os.close(descriptor)


class Live:
    """Gives the view of the live generation. Safe to share between threads."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._current = str(home.current)
        self._plate: tuple[int, int] | None = None
        self._view: View | None = None
        self._opened: WeakValueDictionary[Path, View] = WeakValueDictionary()
        self._indexed: dict[str, tuple[Any, Any]] = {}
        self._lock = threading.Lock()

    def at(self, generation: Path) -> View:
        """The view of a generation that somebody still holds, or of the live one. Raises HomeError for another."""
        view = self.view()
        if view.generation.path != generation:
            held = self._opened.get(generation)
            if held is None:
                raise HomeError("This generation of the atlas is no longer open.", "Ask again.")
            return held
        return view

    def view(self) -> View:
        """Raises HomeError where there is no atlas, or it cannot be read."""
        generation = self._home.require() if self._view is None else self._newer(self._view)
        if generation is None:
            assert self._view is not None  # noqa: S101  _newer was asked about it
            return self._view
        with self._lock:
            return self._open()

    def _newer(self, view: View) -> Generation | None:
        try:
            # One look at the file's name plate; its text only where that is another (it is replaced, never rewritten).
            status = os.stat(self._current)  # noqa: PTH116  # at every request: no Path
            if (plate := (status.st_ino, status.st_mtime_ns)) == self._plate:
                return None
            name = _read(self._current)
        except OSError:
            return None  # the directory went away under us; what is open still answers
        if name != view.generation.name:
            return Generation(self._home.generations / name)
        self._plate = plate
        return None

    def _open(self) -> View:
        """Open what CURRENT names. It may be pruned between the two, so it is read again then."""
        for _ in range(_TRIES):
            generation = self._home.require()
            if self._view is not None and self._view.generation.name == generation.name:
                return self._view
            try:
                self._view = View(generation, self._indexed)
                self._opened[generation.path] = self._view
                return self._view
            except OSError as error:
                failure = error
        raise HomeError(f"The live generation cannot be opened ({failure}).", "Try again in a moment.")


class Current:
    """Looks at the name plate of the file CURRENT: it is replaced and never rewritten."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file = str(home.current)
        self._plate = (0, 0)
        self._path = home.generations

    def path(self) -> Path:
        """The directory of the live generation. Raises HomeError where there is none."""
        try:
            status = os.stat(self._file)  # noqa: PTH116  # at every request: no Path
        except OSError as error:
            raise HomeError(f"The live generation cannot be read: {error.strerror}.") from error
        plate = (status.st_ino, status.st_mtime_ns)
        if plate != self._plate:
            self._path = self._home.require().path
            self._plate = plate
        return self._path
