"""Going back to an earlier generation: what it takes out, and how it becomes live again.

The earlier generation is published once more, by hard links and under a new number: no number ever names two states,
and readers, caches and entity tags see a new generation as after any write.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from graph.errors import AtlasError, InputError, NotAnAtlas
from graph.metadata.statistics import read_figures, write_figures
from graph.storage.checksums import check_graph
from graph.storage.generations import FORMAT, Generation, Home
from graph.storage.write_lock import write_lock
from graph.write.writer import CHANGE

__all__ = ["LostGeneration", "RollbackPlan", "plan_rollback", "roll_back"]

_PARTS: Final = ("graph", "lexical", "dense")


@dataclass(frozen=True, slots=True)
class LostGeneration:
    """A published state that a rollback takes out. `change`: the note of the write that made it; `quads` if counted."""

    name: str
    published: datetime
    change: str
    quads: int | None

    @property
    def is_write(self) -> bool:
        """Whether it was made by a write that was acknowledged, and not by the index catching up."""
        return self.change != "index"


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What going back to `target` takes out: the generations after it. Those in `unknown` are not on disk any more, so
    nothing is known of them but that each was a write, or a step of the index."""

    target: Generation
    published: datetime
    lost: tuple[LostGeneration, ...]
    unknown: tuple[str, ...]


def plan_rollback(home: Home, name: str) -> RollbackPlan:
    """What going back to the generation `name` takes out; leading zeros may be left out. Nothing is changed.

    Raises InputError where it is not there, is the live one already or is of a later format, and GraphDamaged where it
    is damaged itself.

    >>> plan_rollback(home, "999")
    Traceback (most recent call last):
    graph.errors.InputError: Generation 999 is not there. There are: 000001. Nothing was changed.
    """
    generations = {generation.number: generation for generation in home.whole()}
    target = generations.get(int(name)) if name.isascii() and name.isdigit() else None
    if target is None:
        names = ", ".join(generation.name for generation in generations.values()) or "none"
        raise InputError(f"Generation {name[:40]} is not there.", f"There are: {names}. Nothing was changed.")
    newest = _live_number(home) or max(generations)
    if target.number == _live_number(home):
        raise InputError(f"Generation {target.name} is the live one already.", "Nothing was changed.")
    if int(target.manifest().get("format", 0)) > FORMAT:
        raise InputError(f"Generation {target.name} is of a later version.", "Install that version first.")
    check_graph(target.path)
    later = range(target.number + 1, newest + 1)
    return RollbackPlan(
        target=target,
        published=_published(target),
        lost=tuple(_lost(generations[number]) for number in later if number in generations),
        unknown=tuple(f"{number:06d}" for number in later if number not in generations),
    )


def roll_back(home: Home, plan: RollbackPlan) -> Generation:
    """Make the state of `plan.target` live again, under a new number. The state that was live stays on disk until the
    write after the next.

    Raises HomeLocked at once while another process writes, InputError where another write came since the plan.

    >>> from pyoxigraph import Literal, NamedNode, Quad
    >>> from graph.write.writer import Changes, NoIndex, Writer
    >>> atlas = Home(folder / "rolled-back")
    >>> def write(store):
    ...     store.add(Quad(NamedNode("urn:a"), NamedNode("urn:b"), Literal(len(store))))
    ...     return Changes(notes={"size": len(store)})
    >>> with Writer(atlas, NoIndex()).session() as session:
    ...     names = [session.change(write).name for _ in range(2)]
    >>> names, roll_back(atlas, plan_rollback(atlas, "1")).name
    (['000001', '000002'], '000003')
    """
    with write_lock(home.root):
        if plan_rollback(home, plan.target.name) != plan:
            raise InputError("Another write came first; nothing was changed.", "Ask again what would go.")
        scratch = home.scratch()
        try:
            for part in _PARTS:
                if (plan.target.path / part).is_dir():
                    shutil.copytree(plan.target.path / part, scratch / part, copy_function=_link)
            figures = read_figures(plan.target.path)
            if figures is not None:
                write_figures(scratch, replace(figures, generation=_name_after(home)))
            manifest = {**plan.target.manifest(), CHANGE: "rollback"}
            return home.publish(scratch, manifest, source=plan.target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _link(source: str, target: str) -> None:
    """Link a file: no file of a generation is ever written again. Copy it where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _name_after(home: Home) -> str:
    return f"{max(generation.number for generation in home.whole()) + 1:06d}"


def _live_number(home: Home) -> int | None:
    """None where the pointer is broken: a rollback is what mends it."""
    try:
        return home.require().number
    except NotAnAtlas:
        return None


def _lost(generation: Generation) -> LostGeneration:
    try:
        manifest: dict[str, Any] = generation.manifest()
    except (OSError, ValueError, AtlasError):
        manifest = {}
    quads = manifest.get("quads")
    return LostGeneration(
        name=generation.name,
        published=_published(generation),
        change=str(manifest.get(CHANGE, "")),
        quads=quads if isinstance(quads, int) else None,
    )


def _published(generation: Generation) -> datetime:
    return datetime.fromtimestamp(Path(generation.path, "manifest.json").stat().st_mtime, UTC)
