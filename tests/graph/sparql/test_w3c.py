"""The W3C SPARQL 1.1 suite, run as data through the pool. What fails is listed, with its reason, in
docs/reference/sparql-conformance.md: a test that newly fails or newly passes fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.errors import QueryError, QueryRefused, QuerySyntax
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from graph.sparql.syntax.guard import guard
from graph.sparql.worker.in_memory_copy import MemoryCopy
from tests.support import w3c
from tests.support.paths import ROOT

DOCUMENT = ROOT / "docs" / "reference" / "sparql-conformance.md"

EVALUATION = (
    "aggregates", "bind", "bindings", "cast", "construct", "csv-tsv-res", "exists", "functions", "grouping", "json-res",
    "negation", "project-expression", "property-path", "subquery",
)  # fmt: skip
SYNTAX = (
    "aggregates",
    "construct",
    "delete-insert",
    "grouping",
    "syntax-fed",
    "syntax-query",
    "syntax-update-1",
    "syntax-update-2",
)


@pytest.fixture(scope="module")
def pool() -> Iterator[QueryPool]:
    with QueryPool(Limits(cache_bytes=0)) as pool:
        yield pool


@pytest.fixture(scope="module")
def suite(shared: Path) -> Path:
    folder = shared / "w3c" / "sparql11"
    if not folder.is_dir():
        pytest.skip("the W3C suite is not in the folder `shared` beside the project")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("w3c")


def documented(section: str) -> set[str]:
    """The tests named in one section of the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    part = text.split(f"## {section}", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE))


def evaluate(case: w3c.Case, pool: QueryPool, folder: Path) -> str:
    """What went wrong; nothing where the test passes."""
    query = case.query.read_text(encoding="utf-8")
    base = case.query.as_uri()
    try:
        with pool.run(w3c.load(case, folder), query, base=base, media_type=w3c.wanted_type(case)) as result:
            return "" if w3c.same(case, result.read(), result.media_type) else "another result"
    except QueryError as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("name", EVALUATION)
def test_evaluation(name: str, suite: Path, pool: QueryPool, folder: Path) -> None:
    chosen = [case for case in w3c.cases(suite / name) if case.kind in ("QueryEvaluationTest", "CSVResultFormatTest")]
    assert chosen
    failed = {case.name: why for case in chosen if (why := evaluate(case, pool, folder))}
    assert set(failed) == {case for case in documented("Query evaluation") if case.startswith(f"{name}/")}, failed


def accepted(case: w3c.Case, pool: QueryPool, empty: Path) -> bool:
    """Whether the service takes the text for valid. Raises QueryRefused for what policy forbids."""
    text = case.query.read_text(encoding="utf-8")
    base = case.query.as_uri()
    try:
        if "Update" in case.kind or case.query.suffix == ".ru":
            ox.Store().update(guard(text, Limits(), update=True).text, base_iri=base)
        else:
            pool.run(empty, text, base=base).close()
    except QueryRefused:
        raise
    except (QuerySyntax, SyntaxError):
        return False
    except (QueryError, OSError, RuntimeError):
        return True  # valid, and cannot be carried out: a function or graph that does not exist
    return True


@pytest.mark.parametrize("name", EVALUATION)
def test_evaluation_on_a_copy(name: str, suite: Path, folder: Path) -> None:
    """As the workers do it with queries whose rows may come in any order, once they have copied a graph."""
    chosen = [case for case in w3c.cases(suite / name) if case.kind == "QueryEvaluationTest"]
    for case in chosen:
        query = case.query.read_text(encoding="utf-8")
        if case.name in documented("Query evaluation") or not guard(query, Limits()).unordered:
            continue
        store = ox.Store.read_only(str(w3c.load(case, folder) / "graph"))
        copy = MemoryCopy(store, 0, 0).fastest
        assert copy is not store
        media_type = w3c.wanted_type(case) or "application/sparql-results+json"
        form = ox.QueryResultsFormat.from_media_type(media_type)
        results = copy.query(query, base_iri=case.query.as_uri())
        assert form is not None and not isinstance(results, ox.QueryTriples)
        assert w3c.same(case, results.serialize(format=form), media_type), case.name


@pytest.mark.parametrize("name", SYNTAX)
def test_syntax(name: str, suite: Path, pool: QueryPool, generation: Path) -> None:
    chosen = [case for case in w3c.cases(suite / name) if "SyntaxTest" in case.kind]
    assert chosen
    failed: dict[str, str] = {}
    refused: set[str] = set()
    for case in chosen:
        try:
            if accepted(case, pool, generation) is not case.kind.startswith("Positive"):
                failed[case.name] = case.kind
        except QueryRefused:
            if case.kind.startswith("Positive"):
                refused.add(case.name)
    assert failed == {}
    assert refused == {case for case in documented("Refused by policy") if case.startswith(f"{name}/")}


def test_the_document_counts_right(suite: Path) -> None:
    kinds = ("QueryEvaluationTest", "CSVResultFormatTest")
    total = sum(case.kind in kinds for name in EVALUATION for case in w3c.cases(suite / name))
    syntax = sum("SyntaxTest" in case.kind for name in SYNTAX for case in w3c.cases(suite / name))
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"{total - len(documented('Query evaluation'))} of {total}" in text
    assert f"{syntax - len(documented('Refused by policy'))} of {syntax}" in text
