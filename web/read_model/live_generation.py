"""The live generation, opened once for all threads.

Each request calls `Live.view()`, which compares the status of the small file CURRENT with the last one. A view stays
usable while a request holds it, even when its generation has been deleted from disk meanwhile.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakValueDictionary

from graph.errors import AtlasError, GraphDamaged, HomeError
from graph.sparql.pool.result_cache import generation_key
from graph.storage.damage import explain_damage
from graph.storage.engine_faults import store_fault
from graph.storage.generations import Generation, Home
from graph.storage.snapshot import Snapshot
from graph.write.writer import CONTENT
from search.indexing.lag import mark_of
from web.read_model.indexed_values import IndexedValues
from web.read_model.live_directory import FileMark

if TYPE_CHECKING:
    from pyoxigraph import Store

__all__ = ["Live", "View"]

T = TypeVar("T")

MAX_TRIES = 5
"""A generation may be pruned between reading CURRENT and opening it."""

DAMAGE_SECONDS: Final = 5.0
"""A damaged generation is opened again after so long: to look which other one is whole reads all its files."""

REOPENING_SECONDS: Final = 0.25
"""Pause before a generation is opened in the background again."""


class View:
    """One open generation, with values derived from it: `once` keeps them as long as the view.

    `indexed`: the values that all views of an atlas share by `as_indexed`. `content` identifies the content of the
    graph: generations that differ only in their index share it. Entity tags of graphs begin with it.
    """

    def __init__(self, generation: Generation, indexed: IndexedValues | None = None) -> None:
        self.generation = generation
        self.manifest: dict[str, Any] = generation.manifest()
        # Manifests of earlier versions do not identify the content; then each generation counts as different.
        self.content: str = self.manifest.get(CONTENT) or generation_key(str(generation.path))
        self.key = generation_key(str(generation.path))
        self.snapshot = Snapshot.open(generation)
        self._values: dict[str, Any] = {}
        self._index_mark = json.dumps(mark_of(self.manifest), sort_keys=True)
        self._indexed = indexed or IndexedValues()
        self._lock = threading.RLock()

    def once(self, name: str, make: Callable[[View], T]) -> T:
        """The value of `make(self)`, computed at the first call under this name and then kept."""
        if name not in self._values:
            with self._lock:
                if name not in self._values:
                    self._values[name] = make(self)
        value: T = self._values[name]
        return value

    def as_indexed(self, name: str, make: Callable[[View], T]) -> T:
        """As `once`, but kept for later generations too, as long as they have the same search index.

        For values that belong to the index, or need not be newer than it. After an update the index lags behind for a
        while; to compute such values again for each of a hundred updates would delay the searches.
        """
        return self._indexed.get(name, self._index_mark, lambda: make(self))

    def replace(self, name: str, value: object, *, without: tuple[str, ...] = ()) -> None:
        """Keep a newer value, and drop those under the names `without`, which were derived from the old one."""
        with self._lock:
            self._values[name] = value
            for other in without:
                self._values.pop(other, None)


def _read(path: str) -> str:
    """The short text of a file. Called at every request, so without the layers of `Path.read_text`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 256).decode("ascii").strip()
    finally:
        os.close(descriptor)


def _is_same(view: View, generation: Generation) -> bool:
    """Whether a generation is the one that is open: another home with the same names may have come into its place."""
    if view.generation.name != generation.name:
        return False
    try:
        return view.key == generation_key(str(generation.path))
    except OSError:
        return True  # the directory was removed; the open generation still answers


class Live:
    """Gives the view of the live generation, and calls `on_opened` each time one was opened. Thread-safe."""

    def __init__(self, home: Home, *, on_opened: Callable[[], None] = lambda: None) -> None:
        self._home = home
        self._on_opened = on_opened
        self._current = str(home.current)
        self._mark: FileMark | None = None
        self._view: View | None = None
        self._opened: WeakValueDictionary[Path, View] = WeakValueDictionary()
        self._indexed = IndexedValues()
        self._lock = threading.Lock()
        self._next_opening = 0.0
        self._damage: GraphDamaged | None = None
        self._damage_until = 0.0

    def at(self, generation: Path) -> View:
        """The view of the live generation, or of one that a request still holds. Raises HomeError for any other."""
        view = self.view()
        if view.generation.path != generation:
            earlier = self._opened.get(generation)
            if earlier is None:
                raise HomeError("This generation of the atlas is no longer open.", "Send the request again.")
            return earlier
        return view

    def store(self, generation: Path, key: str) -> Store | None:
        """The graph of a generation if it is open here, without waiting: else the live one is opened in the background.
        `key`: its `generation_key`."""
        view = self._view
        if view is None or view.generation.path != generation or view.key != key:
            self._open_in_background()
            return None
        return view.snapshot.store

    def view(self) -> View:
        """The live generation. Raises HomeError where there is no atlas, or it cannot be read."""
        generation = self._home.require() if self._view is None else self._newer(self._view)
        if generation is None:
            assert self._view is not None  # noqa: S101  `_newer` compared it
            return self._view
        with self._lock:
            return self._open()

    def ready(self) -> View:
        """As `view`, for a check of readiness. Raises HomeError as well where the home is gone: the generation that is
        open still answers in part, but nothing can be written, and no worker can open it."""
        self._home.require()
        return self.view()

    def _newer(self, view: View) -> Generation | None:
        try:
            # The file is read only where its mark has changed.
            status = os.stat(self._current)  # noqa: PTH116  # at every request: no Path
            if (mark := (status.st_ino, status.st_mtime_ns)) == self._mark:
                return None
            name = _read(self._current)
        except OSError:
            return None  # the directory was removed; the open generation still answers
        except UnicodeDecodeError:
            name = ""  # no name; `_open` says so
        generation = Generation(self._home.generations / name)
        if not _is_same(view, generation):
            return generation
        self._mark = mark
        return None

    def _open_in_background(self) -> None:
        def run() -> None:
            with suppress(AtlasError):  # the requests that need it report that
                self.view()

        now = time.monotonic()
        if now >= self._next_opening:
            self._next_opening = now + REOPENING_SECONDS
            threading.Thread(target=run, name="open-generation", daemon=True).start()

    def _open(self) -> View:
        """Open the generation that CURRENT names, again where it was pruned in between."""
        failure: Exception | None = None
        failed: Generation | None = None
        for _ in range(MAX_TRIES):
            generation = self._home.require()
            if self._view is not None and _is_same(self._view, generation):
                return self._view
            if generation == failed:
                break  # it was not pruned: it is damaged, or something else is wrong with this machine
            self._raise_known_damage(generation)
            try:
                self._view = View(generation, self._indexed)
                self._opened[generation.path] = self._view
                self._on_opened()
                return self._view
            except (OSError, RuntimeError) as error:
                failure, failed = error, generation
        assert failure is not None and failed is not None  # noqa: S101  the loop ran
        fault = store_fault(failure, failed.name)
        if isinstance(fault, GraphDamaged):
            self._damage = explain_damage(self._home, fault)
            self._damage_until = time.monotonic() + DAMAGE_SECONDS
            raise self._damage from failure
        raise HomeError(f"The live generation cannot be opened ({failure}).", "Try again in a moment.") from failure

    def _raise_known_damage(self, generation: Generation) -> None:
        damage = self._damage
        if damage is not None and damage.generation == generation.name and time.monotonic() < self._damage_until:
            raise damage
