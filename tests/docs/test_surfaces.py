"""What other packages import is documented, and the examples of its docstrings run."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterator
from types import FunctionType

import pytest

from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.writer import Writer
from tests.support.paths import ROOT
from tests.support.small import NoIndex, few_facts

BELOW = {"search": ("graph",), "web": ("graph", "search")}
"""Package → the packages below it, whose surface it uses."""


def surface() -> dict[str, object]:
    """Dotted name → object: functions and classes that one top-level package imports from another."""
    imported: dict[str, set[str]] = defaultdict(set)
    for package, below in BELOW.items():
        for path in (ROOT / package).rglob("*.py"):
            if "node_modules" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in below:
                    imported[node.module or ""] |= {alias.name for alias in node.names}
    objects = {}
    for module, names in imported.items():
        for name in names:
            value = getattr(importlib.import_module(module), name, None)
            if str(getattr(value, "__module__", "")).split(".")[0] not in ("graph", "search"):
                continue  # a constant, or an alias of a library's class
            if isinstance(value, type | FunctionType) or inspect.isfunction(getattr(value, "__wrapped__", None)):
                objects[f"{module}.{name}"] = value
    return objects


SURFACE = surface()
FUNCTIONS = sorted(name for name, value in SURFACE.items() if not isinstance(value, type))
CLASSES = sorted(name for name, value in SURFACE.items() if isinstance(value, type))


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Names that every example may use: `home` and `snapshot` of the small atlas of tests, and an empty `folder`."""
    home = Home(tmp_path_factory.mktemp("surface") / "atlas")
    with Writer(home, NoIndex()).session() as session:
        session.change(few_facts)
    return {"home": home, "snapshot": Snapshot.open(home.require()), "folder": tmp_path_factory.mktemp("example")}


@pytest.mark.parametrize("name", sorted(SURFACE))
def test_the_first_line_is_a_sentence(name: str) -> None:
    documentation = SURFACE[name].__doc__ or ""
    first = documentation.strip().split("\n\n")[0].split("\n")[0]
    assert len(first.split()) >= 3, f"{name} has no docstring that says what it is"


@pytest.mark.parametrize("name", CLASSES)
def test_public_methods_are_documented(name: str) -> None:
    kind = SURFACE[name]
    bare = [
        attribute
        for attribute, value in vars(kind).items()
        if not attribute.startswith("_") and isinstance(value, FunctionType | property | classmethod | staticmethod)
        and not (inspect.getdoc(getattr(kind, attribute)) or "").strip()
    ]  # fmt: skip
    assert not bare, f"{name}: no docstring on {', '.join(bare)}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_an_example_that_runs(name: str, names: dict[str, object]) -> None:
    examples = list(_examples(name, names))
    assert examples, f"{name} has no example"
    for example in examples:
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        report: list[str] = []
        runner.run(example, out=report.append)
        assert not runner.failures, "".join(report)


def _examples(name: str, names: dict[str, object]) -> Iterator[doctest.DocTest]:
    function = SURFACE[name]
    module = importlib.import_module(name.rpartition(".")[0])
    for example in doctest.DocTestFinder(recurse=False).find(
        function, name, module=False, globs={**vars(module), **names}
    ):
        if example.examples:
            yield example
