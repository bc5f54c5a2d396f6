"""The command line as a person runs it: real processes over real homes."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Cli, assert_failure
from tests.support.folder import write_folder
from tests.support.paths import ROOT
from tests.support.services import ARTICLE
from web.settings import Settings


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Cli:
    cli = Cli(tmp_path_factory.mktemp("cli"), cache)
    write_folder(cli.root / "data")
    result = cli("build", "--data", "data")
    assert result.returncode == 0, result.stderr
    assert "generation 1" in result.stdout
    return cli


@pytest.fixture
def empty(tmp_path: Path, cache: Path) -> Cli:
    return Cli(tmp_path, cache)


def test_a_day_in_the_life(built: Cli) -> None:
    article = built.root / "growth.txt"
    article.write_text(ARTICLE)
    added = built("ingest", "growth.txt")
    assert "growth.txt: added" in added.stdout
    again = built("ingest", "growth.txt")
    assert "unchanged" in again.stdout and "Nothing changed." in again.stdout and again.returncode == 0

    results = json.loads(built("search", "access to finance", "--json", "--kind", "passage").stdout)
    assert results["hits"][0]["document"]["id"] == "growth.txt"
    assert "access to finance" in built("search", "access to finance").stdout

    entity = built("entity", "Creative Scale-Up").stdout
    assert "Department for Culture, Media and Sport" in entity and "Guidance" in entity
    assert json.loads(built("entity", "creative scale-up", "--json").stdout)["label"] == "Creative Scale-Up"

    assert "Creative Scale-Up" in built("query", "-e", f"SELECT ?s {{ ?s a {_programme()} }}").stdout
    answer = built("query", "-", "--format", "json", text=f"ASK {{ ?s a {_programme()} }}")
    assert json.loads(answer.stdout)["boolean"] is True

    assert "Forgot" in built("forget", "growth.txt").stdout
    after = json.loads(built("search", "access to finance", "--json").stdout)
    assert not [hit for hit in after["hits"] if hit["document"] and hit["document"]["id"] == "growth.txt"]
    assert "up to date" in built("build", "--data", "data").stdout


def _programme() -> str:
    return "<https://w3id.org/creative-atlas/ontology#Programme>"


def test_load_is_all_or_nothing(built: Cli) -> None:
    good, bad = built.root / "good.ttl", built.root / "bad.ttl"
    good.write_text('<urn:a> <http://www.w3.org/2000/01/rdf-schema#label> "An A" .\n')
    bad.write_text("<urn:b> <urn:p> <urn:c> .\n\n<urn:b> <urn:p> .\n")
    assert_failure(built("load", "good.ttl", "bad.ttl"), "bad.ttl, line 3")
    assert_failure(built("entity", "urn:a"), "Nothing in this atlas")
    assert "Loaded 1 quad.\n" in built("load", "good.ttl").stdout
    assert "An A" in built("entity", "urn:a").stdout
    assert "nothing changed" in built("load", "good.ttl").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("search", ""), "The search is empty"),
        (("search", "x", "--limit", "-1"), "limit"),
        (("search", "y" * 100_000), "characters"),
        (("query", "huge.rq"), "65,536 are allowed"),
        (("entity", "Creative Scaleup"), "Nearest: Creative Scale-Up"),
        (("query", "-e", "SELECT * { ?s ?p "), "Line 1"),
        (("query", "-e", "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"), "SERVICE"),
        (("query", "-e", "SELECT * {}" + " " * 100_000), "65,536 are allowed"),
        (("query", "missing.rq"), "missing.rq"),
        (("update", "-e", "SOMETHING"), "an update starts with INSERT"),
        (("query", "-e", "ASK {}", "--format", "turtle"), "not a format"),
        (("forget", "nothing"), "No document"),
        (("ingest", "missing.txt"), "missing.txt"),
        (("load", "missing.ttl"), "missing.ttl"),
        (("load", "file.docx"), "does not end like an RDF file"),
    ],
)
def test_bad_input_gets_one_clear_sentence(built: Cli, arguments: tuple[str, ...], words: str) -> None:
    (built.root / "huge.rq").write_text("SELECT * {}" + " " * 1_000_000)
    assert_failure(built(*arguments), words)


def test_names_cannot_command_the_terminal(empty: Cli) -> None:
    """Labels of classes, relations and entities come from whoever wrote the RDF."""
    (empty.root / "names.ttl").write_text(
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix : <http://e/> .\n"
        ':a a :Class ; rdfs:label "Studio\\u0007" ; :p :b . :b rdfs:label "Other\\u0007" .\n'
        ':p rdfs:label "makes\\u0007" . :Class rdfs:label "Firm\\u0007" .\n'
    )
    assert empty("load", "names.ttl").returncode == 0
    for command in (("search", "studio"), ("entity", "http://e/a"), ("query", "-e", "SELECT * { ?s ?p ?o }")):
        done = empty(*command)
        assert done.returncode == 0 and "Studio" in done.stdout and "\a" not in done.stdout, command


def test_usage_errors_are_status_2(built: Cli) -> None:
    assert_failure(built("query"), "Give a query file", 2)
    assert_failure(built("search"), "TEXT", 2)
    assert_failure(built("search", "x", "--mode", "magic"), "magic", 2)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.txt", b"", "empty"),
        ("binary.txt", bytes(range(256)) * 8, "binary.txt"),
        ("latin.txt", "Le café où l’été finit".encode("cp1252") * 30, "latin.txt"),
    ],
)
def test_bad_files_are_refused(built: Cli, name: str, content: bytes, words: str) -> None:
    (built.root / name).write_bytes(content)
    before = (built.home / "CURRENT").read_text()
    result = built("ingest", name)
    assert (result.returncode, "Traceback" in result.stderr) == (1, False)
    assert words in result.stderr
    assert (built.home / "CURRENT").read_text() == before


def test_no_atlas_yet(empty: Cli) -> None:
    for command in (("search", "x"), ("entity", "x"), ("query", "-e", "ASK {}"), ("serve",), ("check",)):
        assert_failure(empty(*command), "creative-atlas init")
        assert_failure(empty(*command), "creative-atlas build")


def test_a_foreign_directory_is_left_alone(empty: Cli) -> None:
    empty.home.mkdir()
    (empty.home / "thesis.doc").write_text("mine")
    write_folder(empty.root / "data")
    assert_failure(empty("build", "--data", "data"), "not an atlas")
    assert [path.name for path in empty.home.iterdir()] == ["thesis.doc"]


def test_a_newer_format_is_refused(built: Cli, empty: Cli) -> None:
    generation = empty.home / "generations" / "000001"
    generation.mkdir(parents=True)
    (generation / "manifest.json").write_text('{"format": 999}')
    (empty.home / "CURRENT").write_text("000001")
    assert_failure(empty("search", "x"), "newer version")


def test_the_error_for_a_locked_home_names_the_other_process(built: Cli) -> None:
    with open(built.home / "writer.lock", "a+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        (built.root / "wait.txt").write_text(ARTICLE)
        assert_failure(built("ingest", "wait.txt"), "Another process")


def test_a_home_that_cannot_be_written_to_is_one_sentence(empty: Cli) -> None:
    (empty.home / "writer.lock").mkdir(parents=True)  # it cannot be opened as a file, like one on a read-only disk
    write_folder(empty.root / "data")
    assert_failure(empty("build", "--data", "data"), "cannot be written to")


def test_other_errors_of_files_are_one_sentence(built: Cli) -> None:
    (built.root / "growth.txt").write_text(ARTICLE)
    assert_failure(built("export", "--output", "growth.txt/atlas.nq"), "Check that no file is missing")


def test_a_cache_that_cannot_be_written_to_is_named_with_its_remedy(built: Cli) -> None:
    elsewhere = Cli(built.root, built.root / "growth.txt" / "cache")
    (built.root / "growth.txt").write_text(ARTICLE)
    assert_failure(elsewhere("search", "finance"), "CREATIVE_ATLAS_CACHE")


def test_files_of_a_directory_that_are_not_read_are_named(built: Cli) -> None:
    folder = built.root / "reports"
    folder.mkdir()
    for name in ("plan.txt", "plan.docx", ".DS_Store", "a\x1b[2Jb.txt"):
        (folder / name).write_text(f"{ARTICLE} {name}" if "\x1b" not in name else "")
    result = built("ingest", "reports")
    assert "a [2Jb.txt" in result.stderr  # the terminal gets no control characters
    (folder / "a\x1b[2Jb.txt").unlink()
    result = built("ingest", "reports")
    assert (result.returncode, "plan.txt: already here" in result.stdout) == (0, True)
    assert "plan.docx" in result.stderr
    assert ".DS_Store" not in result.stderr
    assert json.loads(built("ingest", "reports", "--json").stdout)["left_out"] == ["reports/plan.docx"]
    assert built("forget", "plan.txt").returncode == 0


def test_a_search_names_the_corrected_query(built: Cli) -> None:
    assert "found for: scale-up" in built("search", "skale-up", "--mode", "lexical").stdout
    assert "No text here has “zzqqz”" in built("search", "zzqqz", "--mode", "lexical").stdout


def test_searching_imports_no_torch(built: Cli) -> None:
    code = (
        "import sys; from web.cli.main import cli\n"
        f"cli(['search', 'access to finance', '--home', {str(built.home)!r}], standalone_mode=False)\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'scipy', 'flask', 'networkx'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], env=built.environment, capture_output=True, text=True, timeout=60
    )
    assert process.returncode == 0, process.stderr
    assert "found" in process.stdout or "Nothing found" in process.stdout


def test_settings_are_the_only_reader_of_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for package in ("graph", "search", "web")
        for path in (ROOT / package).rglob("*.py")
        if "os.environ" in path.read_text("utf-8") or "getenv" in path.read_text("utf-8")
    ]
    # The others set a variable for a library or a child process, or pass the environment on to one.
    setters = {
        "web/server/address.py",
        "graph/sandbox/environment.py",
    }
    setters |= {
        "search/encoders/sentence_transformers.py",
        "search/encoders/ctranslate2.py",
        "search/encoders/ctranslate2_export.py",
        "search/encoders/reranker.py",
    }
    assert set(readers) <= {"web/settings.py", *setters}
    assert Settings.read({}).token is None
