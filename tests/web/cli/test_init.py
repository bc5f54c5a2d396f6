"""An atlas of one's own: made empty by `init`, or by the first `load` or `ingest`, and filled from there."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import COMMAND, Cli, assert_failure
from tests.support.services import ARTICLE

TURTLE = '<urn:a> <http://www.w3.org/2000/01/rdf-schema#label> "An A" .\n'


@pytest.fixture
def cli(tmp_path: Path, cache: Path) -> Cli:
    return Cli(tmp_path, cache)


@pytest.fixture
def without_encoder(cli: Cli) -> Cli:
    cli.environment["CREATIVE_ATLAS_MODEL"] = str(cli.root / "no-such-model")
    return cli


def generation(cli: Cli) -> str:
    return (cli.home / "CURRENT").read_text()


def test_init_makes_an_empty_atlas_that_documents_can_be_ingested_into(cli: Cli) -> None:
    result = cli("init")
    assert (result.returncode, generation(cli)) == (0, "000001"), result.stderr
    assert "empty atlas" in result.stdout and "creative-atlas ingest" in result.stdout
    (cli.root / "growth.txt").write_text(ARTICLE)
    added = cli("ingest", "growth.txt")
    assert (added.returncode, "growth.txt: added" in added.stdout) == (0, True), added.stderr
    hits = json.loads(cli("search", "access to finance", "--json").stdout)["hits"]
    assert hits[0]["document"]["id"] == "growth.txt"
    assert "index" in cli("check").stdout


def test_the_first_ingest_makes_the_atlas(cli: Cli) -> None:
    (cli.root / "growth.txt").write_text(ARTICLE)
    added = cli("ingest", "growth.txt")
    assert (added.returncode, "growth.txt: added" in added.stdout) == (0, True), added.stderr
    assert json.loads(cli("search", "access to finance", "--json").stdout)["total"] >= 1


def test_an_ingest_of_nothing_makes_no_atlas(cli: Cli) -> None:
    refused = cli("ingest", "missing.txt")
    assert (refused.returncode, "missing.txt" in refused.stderr) == (1, True)
    assert not (cli.home / "CURRENT").exists()
    assert_failure(cli("search", "x"), "creative-atlas init")


@pytest.mark.parametrize("first", [("init",), ()])
def test_rdf_is_loaded_without_the_encoder(first: tuple[str, ...], without_encoder: Cli) -> None:
    cli = without_encoder
    if first:
        assert cli(*first).returncode == 0
    (cli.root / "a.ttl").write_text(TURTLE)
    loaded = cli("load", "a.ttl")
    assert (loaded.returncode, loaded.stdout) == (0, "Loaded 1 quad.\n"), loaded.stderr
    assert "search index does not know of this yet" in loaded.stderr
    rows = cli("query", "-e", "SELECT ?name { <urn:a> ?p ?name }", "--format", "csv")
    assert rows.stdout.splitlines() == ["name", "An A"]


def test_init_leaves_an_existing_atlas_alone(cli: Cli) -> None:
    (cli.root / "a.ttl").write_text(TURTLE)
    cli("load", "a.ttl", "--no-index")
    before = generation(cli)
    again = cli("init")
    assert (again.returncode, again.stderr) == (0, "")
    assert "is an atlas already" in again.stdout and "nothing changed" in again.stdout
    assert generation(cli) == before


def test_init_refuses_a_foreign_directory(cli: Cli) -> None:
    cli.home.mkdir()
    (cli.home / "thesis.doc").write_text("mine")
    assert_failure(cli("init"), "not an atlas")
    assert [path.name for path in cli.home.iterdir()] == ["thesis.doc"]


def test_an_empty_atlas_answers_and_says_what_to_do_next(without_encoder: Cli) -> None:
    cli = without_encoder
    cli("init")
    search = cli("search", "access to finance")
    assert search.returncode == 0 and "creative-atlas ingest" in search.stdout and "Traceback" not in search.stderr
    results = json.loads(cli("search", "access to finance", "--json").stdout)
    assert results["total"] == 0 and results["hits"] == [] and "creative-atlas load" in results["hint"]
    rows = cli("query", "-e", "SELECT * { ?s ?p ?o }")
    assert rows.returncode == 0 and "0 rows" in rows.stdout and "creative-atlas load" in rows.stderr
    exact = cli("query", "-e", "ASK { ?s ?p ?o }", "--format", "json")
    assert json.loads(exact.stdout)["boolean"] is False and "creative-atlas load" in exact.stderr
    assert_failure(cli("entity", "Nesta"), "This atlas is empty. Next: ")
    checked = cli("check")
    assert checked.returncode == 0 and "0 violations" in checked.stdout and "nothing to index" in checked.stdout


def test_an_empty_atlas_is_served(cli: Cli) -> None:
    cli("init")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*COMMAND, "serve", "--home", str(cli.home), "--port", str(port)]
    server = subprocess.Popen(command, cwd=cli.root, env=cli.environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        assert "Serving" in server.stdout.readline()
        assert "creative-atlas ingest" in server.stdout.readline()
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)


def test_home_is_taken_before_the_command_and_after_it(cli: Cli) -> None:
    (cli.root / "a.ttl").write_text(TURTLE)
    assert cli.run("--home", "before", "load", "a.ttl", "--no-index").returncode == 0
    assert (cli.root / "before" / "CURRENT").exists()
    cli.run("init", "--home", "after")
    question = ("query", "-e", "ASK { ?s ?p ?o }", "--format", "csv")
    answers = [
        cli.run("--home", "before", *question),
        cli.run(*question, "--home", "before"),
        cli.run("--home", "after", *question, "--home", "before"),
    ]
    assert [answer.stdout.strip() for answer in answers] == ["true"] * 3
    assert "violations" in cli.run("--home", "after", "check").stdout


def test_home_before_the_command_goes_before_the_setting(cli: Cli) -> None:
    cli.environment["CREATIVE_ATLAS_HOME"] = "setting"
    assert cli.run("--home", "option", "init").returncode == 0
    assert (cli.root / "option" / "CURRENT").exists() and not (cli.root / "setting").exists()
    assert_failure(cli.run("search", "x"), "There is no atlas in setting yet.")
