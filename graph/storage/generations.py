"""Atlas directory and its generations: which one is live, how a new one is published, who may write.

    HOME/
      CURRENT                    name of the live generation, replaced atomically and fsynced
      generations/000042/        immutable: graph/ lexical/ dense/ checksums.json manifest.json
      generations/tmp-…/         a generation being built; the next writer deletes it if its builder died
      generations/aside-…/       an index being built without the lock; deleted likewise
      files/<sha256>             originals of ingested documents
      jobs/<id>.json             progress and outcome of background work
      writer.lock                held (flock) by the one writer

There is no separate writable store. A write starts from hard links to the live generation (`Store.backup`, about
1 ms), changes those, and publishes them under the next number. So the live generation is the only truth, and a writer
that is killed at any moment leaves nothing but a tmp directory.

FORMAT rises whenever software of the previous format could misread what this one writes.
"""

from __future__ import annotations

import json
import math
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.errors import NewerFormat, NotAnAtlas
from graph.storage.checksums import note_checksums
from graph.storage.write_lock import LOCK_FILE, write_lock

__all__ = ["FORMAT", "KEEP", "Generation", "Home", "sync_tree"]

FORMAT: Final = 1
KEEP: Final = 2
"""Generations that stay on disk. Readers that have an older one open go on reading it after its deletion."""

LINGER_SECONDS: Final = 5.0
"""An older generation stays this long after it was replaced, for readers that looked up its name before that. At four
updates a second, two generations last half a second, and one search in three met a deleted index."""

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Generation:
    """One published state of an atlas; `path` is its directory, which holds graph/, lexical/ and dense/."""

    path: Path

    @property
    def name(self) -> str:
        """Its number with leading zeros: `000042`."""
        return self.path.name

    @property
    def number(self) -> int:
        """Its place in the sequence of generations; the first one is 1."""
        return int(self.path.name)

    @property
    def graph(self) -> Path:
        """Directory of the RDF store."""
        return self.path / "graph"

    def manifest(self) -> dict[str, Any]:
        """Read what the writer noted about it. Raises FileNotFoundError when the generation has been deleted."""
        manifest: dict[str, Any] = json.loads((self.path / "manifest.json").read_text("utf-8"))
        return manifest


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of one atlas directory, and the rules for changing which generation is live.

    `linger`: seconds that a generation stays on disk after it was replaced, even when there are more than `KEEP`.
    """

    root: Path
    linger: float = LINGER_SECONDS

    @property
    def generations(self) -> Path:
        """Directory of the generations."""
        return self.root / "generations"

    @property
    def files(self) -> Path:
        """Directory of the originals of ingested documents, each named by its SHA-256."""
        return self.root / "files"

    @property
    def jobs(self) -> Path:
        """Directory of the records of background work."""
        return self.root / "jobs"

    @property
    def current(self) -> Path:
        """File that holds the name of the live generation."""
        return self.root / "CURRENT"

    def live(self) -> Generation | None:
        """The live generation; None where nothing was published yet.

        Raises NotAnAtlas for a directory that holds something else, NewerFormat for a later format.
        """
        try:
            name = self.current.read_text("ascii").strip()
        except FileNotFoundError:
            self._refuse_foreign()
            return None
        except (NotADirectoryError, IsADirectoryError) as error:
            raise self._not_an_atlas() from error
        except (OSError, UnicodeDecodeError) as error:
            raise self._broken_pointer("holds no name that can be read") from error
        generation = Generation(self.generations / name)
        try:
            if not _is_name(name):
                raise ValueError("not a generation")
            written = int(generation.manifest().get("format", 0))
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise self._broken_pointer(
                f"names generation {name[:20]!r}, which is not there or cannot be read"
            ) from error
        if written > FORMAT:
            raise NewerFormat(
                f"{self.root} was written in format {written}; this version reads up to format {FORMAT}.",
                "Install the newer version of creative-atlas, or choose another directory with --home.",
            )
        return generation

    def require(self) -> Generation:
        """The live generation. Raises NotAnAtlas, with the commands that make one, where there is none."""
        live = self.live()
        if live is None:
            option = f"--home {shlex.quote(str(self.root))}"
            raise NotAnAtlas(
                f"There is no atlas in {self.root} yet.",
                f"Run: creative-atlas init {option} for an empty one, or creative-atlas build {option} for the starter "
                "atlas.",
            )
        return live

    def prepare(self) -> None:
        """Make the directories of a home. Raises NotAnAtlas for a directory that holds other files."""
        self.live()
        try:
            for directory in (self.generations, self.files, self.jobs):
                directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotAnAtlas(
                f"{self.root} cannot be written to ({error.strerror}).", "Choose another directory with --home."
            ) from error

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """Give an empty directory beside the generations, for work without the lock; it is deleted at the end.

        Raises NotAnAtlas where nothing was published yet: the directories of a home that is gone are not made anew.
        """
        self.require()
        for directory in self.generations.glob("aside-*"):
            if not _is_alive(directory.name.split("-")[1]):
                shutil.rmtree(directory, ignore_errors=True)
        path = Path(tempfile.mkdtemp(prefix=f"aside-{os.getpid()}-", dir=self.generations))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def lock(self, *, create: bool = True) -> Iterator[None]:
        """Be the one writer, and delete what dead writers left.

        With `create` the directories of a new home are made. A server writes without: a home that is gone, on a disk
        that is not mounted, say, could not come back to where a new one has taken its place.

        Raises HomeLocked at once while another process writes, NotAnAtlas where there is no atlas and none is made,
        HomeError where nobody can write.
        """
        if create:
            self.prepare()
        else:
            self.require()
        with write_lock(self.root):
            for directory in self.generations.glob("tmp-*"):
                shutil.rmtree(directory, ignore_errors=True)
            yield

    def scratch(self) -> Path:
        """Make an empty directory for the generation being built. The caller holds the lock."""
        path = self.scratch_of(os.getpid())
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    def scratch_of(self, pid: int) -> Path:
        """Where the process of this id builds a generation."""
        return self.generations / f"tmp-{pid}"

    def publish(self, scratch: Path, manifest: Manifest, *, source: Generation | None = None) -> Generation:
        """Make `scratch` the live generation. Once this returns, it survives kill -9 and power loss.

        `source`: an earlier generation that it was linked from, which becomes live again under a number above all
        others; None for one that was made from the live generation, or from nothing.
        """
        if source is None:
            live = source = self.live()
            number = (live.number if live else 0) + 1
        else:
            number = max(generation.number for generation in self.whole()) + 1
        name = f"{number:06d}"
        target = self.generations / name
        content = {**manifest, "format": FORMAT, "generation": name}
        note_checksums(source.path if source else None, scratch)
        (scratch / "manifest.json").write_text(json.dumps(content, indent=1, sort_keys=True), "utf-8")
        sync_tree(scratch)
        # A directory of this number was renamed but never became live: its builder died in between.
        shutil.rmtree(target, ignore_errors=True)
        scratch.rename(target)
        _sync(self.generations)
        pointer = self.root / "CURRENT.tmp"
        with open(pointer, "w", encoding="ascii") as handle:
            handle.write(name)
            handle.flush()
            os.fsync(handle.fileno())
        pointer.replace(self.current)
        _sync(self.root)
        self._prune(int(name), self.linger)
        return Generation(target)

    def whole(self) -> list[Generation]:
        """The generations that were finished, the oldest first. Their files may have been damaged since."""
        return [Generation(path) for path in sorted(self.generations.glob("*")) if _is_finished(path)]

    def drop_older(self) -> None:
        """Delete every generation but the live one, so that nothing that was taken out stays on disk."""
        live = self.live()
        if live is not None:
            self._prune(live.number + KEEP - 1, 0.0)

    def _prune(self, newest: int, linger: float) -> None:
        for path in self.generations.iterdir():
            if path.name.isdigit() and int(path.name) <= newest - KEEP and self._age(int(path.name)) >= linger:
                shutil.rmtree(path, ignore_errors=True)

    def _age(self, number: int) -> float:
        """Seconds since the generation was replaced: since the next one was finished."""
        try:
            finished = (self.generations / f"{number + 1:06d}" / "manifest.json").stat().st_mtime
        except OSError:
            return math.inf
        return max(0.0, time.time() - finished)

    def _refuse_foreign(self) -> None:
        if not self.root.exists():
            return
        if not self.root.is_dir():
            raise self._not_an_atlas()
        ours = {"generations", "files", "jobs", LOCK_FILE, "CURRENT.tmp"}
        with suppress(FileNotFoundError):
            if any(entry.name not in ours for entry in self.root.iterdir()):
                raise self._not_an_atlas()

    def _broken_pointer(self, problem: str) -> NotAnAtlas:
        """Error for a wrong pointer to the live generation; the remedy names the newest generation that is whole."""
        remedy = "Restore the directory from a backup, or build a new atlas in an empty directory."
        whole = self.whole()
        if whole:
            name = whole[-1].name
            remedy = (
                f"Generation {name} is there and whole: put that name into the file, run creative-atlas rollback"
                f" {name}, or restore a backup."
            )
        return NotAnAtlas(f"{self.current} {problem}.", remedy)

    def _not_an_atlas(self) -> NotAnAtlas:
        return NotAnAtlas(
            f"{self.root} is not an atlas: it holds other files.",
            "Choose an empty or a new directory with --home; nothing in this one was touched.",
        )


def _is_name(name: str) -> bool:
    return name.isascii() and name.isdigit()


def _is_finished(generation: Path) -> bool:
    """Whether it was finished: a directory gets its number after its manifest was written."""
    try:
        return _is_name(generation.name) and bool(
            Generation(generation).manifest().get("generation") == generation.name
        )
    except (OSError, ValueError, AttributeError):
        return False


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True  # another user's
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(root: Path) -> None:
    """Flush every file, then every directory, bottom up. Hard links already on disk cost next to nothing.

    >>> _ = (folder / "note.txt").write_text("safe on disk")
    >>> sync_tree(folder)
    """
    for directory, _, names in os.walk(root, topdown=False):
        for name in names:
            _sync(Path(directory) / name)
        _sync(Path(directory))
