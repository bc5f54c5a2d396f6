"""Reader of Turtle files: subjects with their statements, and errors that name file and line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyoxigraph as ox

from graph.claims.acceptance import Object
from graph.errors import BadData
from graph.vocabulary import compact

__all__ = ["Block", "line_of", "read_blocks"]

_LINE = re.compile(r"line (\d+)")


@dataclass(frozen=True, slots=True)
class Block:
    """One subject of one file with its statements, in the file's order."""

    path: Path
    subject: ox.NamedNode
    statements: tuple[tuple[ox.NamedNode, Object], ...]

    def values(self, predicate: ox.NamedNode) -> list[Object]:
        """Values of a property, in the file's order."""
        return [obj for name, obj in self.statements if name == predicate]

    def one(self, predicate: ox.NamedNode) -> Object:
        """The only value of a property. Raises BadData where there is none, or more than one."""
        values = self.values(predicate)
        if len(values) != 1:
            raise self.error(
                f"{compact(self.subject.value)} has {len(values)} values of {compact(predicate.value)}.",
                "Give exactly one.",
            )
        return values[0]

    def error(self, message: str, remedy: str) -> BadData:
        """Error that names the file and the line of this block."""
        return BadData(message, remedy, path=self.path, line=line_of(self.path, self.subject))


def read_blocks(path: Path) -> Iterator[Block]:
    """Subjects of a Turtle file, in order of appearance. Raises BadData for bad Turtle, blank nodes and repetitions."""
    blocks: dict[ox.NamedNode, dict[tuple[ox.NamedNode, Object], None]] = defaultdict(dict)
    current: ox.NamedNode | None = None
    for triple in _parse(path):
        if not isinstance(triple.subject, ox.NamedNode) or not isinstance(triple.object, (ox.NamedNode, ox.Literal)):
            raise BadData(
                "There is a blank node here; its name would differ from build to build.",
                "Give the thing an IRI of its own.",
                path=path,
                line=_line_of_text(path, r"\[|_:"),
            )
        statement = (triple.predicate, triple.object)
        returns = triple.subject != current and triple.subject in blocks
        # A second block directly below the first one is noticed only when it repeats a statement.
        if returns or statement in blocks[triple.subject]:
            raise _twice(path, triple.subject)
        current = triple.subject
        blocks[current][statement] = None
    for subject, statements in blocks.items():
        yield Block(path, subject, tuple(statements))


def _twice(path: Path, subject: ox.NamedNode) -> BadData:
    line = line_of(path, subject, occurrence=2) or line_of(path, subject)
    return BadData(
        f"{compact(subject.value)} is described twice in this file.",
        "Merge the two blocks, or give this one another IRI.",
        path=path,
        line=line,
    )


def _parse(path: Path) -> Iterator[ox.Quad]:
    try:
        yield from ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
    except SyntaxError as error:
        match = _LINE.search(str(error))
        line = error.lineno or (int(match.group(1)) if match else None)
        raise BadData(
            f"This is not valid Turtle ({error.msg}).", "Correct the line, then build again.", path=path, line=line
        ) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise BadData(f"This cannot be read as Turtle ({error}).", "Save it as UTF-8 Turtle.", path=path) from error


def line_of(path: Path, subject: ox.NamedNode, occurrence: int = 1) -> int | None:
    """Number of the line that begins with the subject, in full or with a prefix; `occurrence` counts from 1."""
    short = compact(subject.value).partition(":")[2]
    tail = subject.value.rstrip("/#").rsplit("/", 1)[-1].rsplit("#", 1)[-1]
    names = "|".join(re.escape(name) for name in {f"<{subject.value}>", short, short.replace("/", "\\/"), tail} if name)
    return _line_of_text(path, rf"^(?:[\w-]*:|<[^>]*)?(?:{names})(?=[\s>])", occurrence)


def _line_of_text(path: Path, pattern: str, occurrence: int = 1) -> int | None:
    compiled = re.compile(pattern)
    with open(path, encoding="utf-8", errors="replace") as lines:
        numbers = (number for number, line in enumerate(lines, start=1) if compiled.search(line))
        return next(islice(numbers, occurrence - 1, None), None)
