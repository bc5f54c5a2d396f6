"""`creative-atlas check` of a damaged graph, and `creative-atlas rollback`."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.storage.generations import Home
from tests.support.cli import Cli
from tests.support.damage import damage_file, largest_table, unshare


@pytest.fixture
def command(tmp_path: Path, cache: Path) -> Cli:
    """Commands over an atlas of two writes."""
    command = Cli(tmp_path, cache)
    for number in (1, 2):
        file = tmp_path / f"{number}.ttl"
        file.write_text("".join(f'<urn:{number}:{n}> <urn:p> "a text about {n}" .\n' for n in range(300)))
        assert command("load", str(file), "--no-index").returncode == 0
    return command


def test_check_names_the_damaged_file_and_rollback_goes_back(command: Cli) -> None:
    home = Home(command.home)
    live = home.require()
    unshare(live.path)
    table = largest_table(live.path)
    damage_file(table)

    check = command("check")
    assert check.returncode == 1 and "Traceback" not in check.stderr
    assert table.name in check.stderr and f"generation {live.name}" in check.stderr
    assert "creative-atlas rollback 000001" in check.stderr

    for other in (["query", "-e", "SELECT * { ?s ?p ?o }"], ["export"], ["check", "--network"]):
        process = command(*other)
        assert process.returncode == 1 and "Traceback" not in process.stderr, other
        assert table.name in process.stderr, other

    refused = command("rollback", "000001", text="n\n")
    assert refused.returncode == 1 and home.require().name == live.name
    assert "1 acknowledged write" in refused.stdout
    assert f"{live.name}, " in refused.stdout and "a load of RDF" in refused.stdout

    assert command("rollback", "000001", text="").returncode == 1, "no answer is no yes"
    accepted = command("rollback", "1", text="y\n")
    assert accepted.returncode == 0 and "000003 is live" in accepted.stdout
    count = command("query", "-e", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "--format", "csv")
    assert count.stdout.split() == ["n", "300"]


def test_yes_skips_the_question_and_an_unknown_generation_is_a_failure(command: Cli) -> None:
    assert command("rollback", "000001", "--yes", text="").returncode == 0
    absent = command("rollback", "000077", "--yes")
    assert absent.returncode == 1
    assert "Generation 000077 is not there. There are: 000001, 000002, 000003." in absent.stderr
