"""Names of variables: nouns of the field, never a word that says only what happened to the thing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("graph", "search", "web", "tests", "benchmarks")
VAGUE_NAMES = frozenset({"found", "held", "told", "asked", "said", "each"})


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of everything that the code binds: variables, parameters, attributes, functions, imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield node.lineno, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield node.lineno, name


def vague_names(source: str) -> list[tuple[int, str]]:
    """Bound names that are on the list; a leading underscore changes nothing."""
    return sorted((line, name) for line, name in bound_names(ast.parse(source)) if name.lstrip("_") in VAGUE_NAMES)


@pytest.mark.parametrize("folder", FOLDERS)
def test_variables_are_named_for_what_they_are(folder: str) -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{line}: `{name}`"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "node_modules" not in path.parts
        for line, name in vague_names(path.read_text("utf-8"))
    ]
    assert not faults, "name the thing (`hits`, `claim`, `row`, `message`): " + ", ".join(faults)


@pytest.mark.parametrize(
    "source",
    [
        "found = 1",
        "for each in (): pass",
        "[each for each in ()]",
        "def told(): pass",
        "class C:\n    held: bool",
        "lambda asked: asked",
        "def f(*said): pass",
        "def f(**_found): pass",
        "with open('f') as (a, held): pass",
        "self.found = 1",
        "import json as found",
        "try: pass\nexcept OSError as told: pass",
        "match 1:\n    case [*held]: pass",
        "match 1:\n    case {**found}: pass",
        "(said := 1)",
    ],
)
def test_every_kind_of_binding_is_seen(source: str) -> None:
    assert len(vague_names(source)) == 1


def test_uses_and_longer_names_are_free() -> None:
    assert vague_names("not_found = page.found(each.held, found=1)") == []
