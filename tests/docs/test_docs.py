"""Every command in the README and in docs/ is run unchanged; every `make` target named there exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graph.storage.snapshot import Snapshot
from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_TOKEN = "a token of the tests, long enough to be taken"
FENCE = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)


TUTORIAL = ROOT / "docs" / "tutorial.md"
"""Its blocks build on each other, so they run in order in an empty folder."""
SPARQL = re.compile(r"^```sparql\n(.*?)^```", re.M | re.S)


def commands(page: Path, program: str) -> list[str]:
    """The lines of the page's shell blocks that call `program`, without those of the tutorial."""
    if page == TUTORIAL:
        return []
    lines = [line for block in FENCE.findall(page.read_text("utf-8")) for line in block.splitlines()]
    return [line for line in lines if line.startswith(program + " ")]


@pytest.fixture(scope="module")
def place(starter_home: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A directory with the files that the pages speak of, and an environment in which the commands are known."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(starter_home, folder / "atlas")
    (folder / "report.txt").write_text("Small studios say that access to finance keeps them from growing.\n" * 3)
    (folder / "more.ttl").write_text('<https://example.org/a> <http://www.w3.org/2000/01/rdf-schema#label> "An A" .\n')
    (folder / "who-funds.rq").write_text("SELECT ?s ?o { ?s ?p ?o } LIMIT 3")
    (folder / "data").symlink_to(ROOT / "data")
    _judged_set(folder / "sets" / "scifact")
    program = folder / "bin" / "creative-atlas"
    program.parent.mkdir()
    code = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom web.cli.main import main\nmain()\n"
    program.write_text(f"#!{sys.executable}\n{code}")
    program.chmod(0o755)
    yield {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "CREATIVE_ATLAS_CACHE": str(cache),
        "CREATIVE_ATLAS_TOKEN": _TOKEN,
        "TOKEN": _TOKEN,
        "PWD": str(folder),
    }


def _judged_set(folder: Path) -> None:
    """Three texts and two judged questions in BEIR's layout."""
    folder.mkdir(parents=True)
    texts = ("Loans help studios grow.", "Games are made in Dundee.", "Skilled people leave for London.")
    corpus = [{"_id": f"d{n}", "title": "", "text": text} for n, text in enumerate(texts)]
    queries = [{"_id": "q0", "text": "money for studios"}, {"_id": "q1", "text": "where games are made"}]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(record) + "\n" for record in corpus))
    (folder / "queries.jsonl").write_text("".join(json.dumps(record) + "\n" for record in queries))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq0\td0\t1\nq1\td1\t1\n")


def run(command: str, place: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, shell=True, cwd=place["PWD"], env=place, capture_output=True, text=True, timeout=200)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_run(page: Path, place: dict[str, str]) -> None:
    for command in commands(page, "creative-atlas"):
        if "serve" in command:
            continue  # the recipes below run against it
        process = run(command, place)
        assert process.returncode == 0, f"{command}\n{process.stderr}"


def test_the_tutorial_runs_from_an_empty_folder(place: dict[str, str], tmp_path: Path) -> None:
    blocks = FENCE.findall(TUTORIAL.read_text("utf-8"))
    environment = place | {"PWD": str(tmp_path)}
    outputs = []
    for block in blocks:
        if "serve" in block:
            continue
        done = run("set -e\n" + block, environment)
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        outputs.append(done.stdout)
    text = "\n".join(outputs)
    assert "loans were hard to get" in " ".join(text.split())
    assert "Northlight Games" in outputs[-1]
    assert "Dundee" in outputs[-1]
    with serving(environment, "--home", "my-atlas") as port:
        done = run(f"curl -sS --fail-with-body 'http://127.0.0.1:{port}/search?q=Northlight'", environment)
        assert "Northlight Games" in done.stdout


def test_queries_in_the_docs_return_rows(starter_snapshot: Snapshot) -> None:
    queries = [(page, query) for page in PAGES for query in SPARQL.findall(page.read_text("utf-8"))]
    plain = [(page, query) for page, query in queries if "SERVICE" not in query]  # searches are run in tests/web/sparql
    assert plain
    for page, query in plain:
        assert list(starter_snapshot.store.query(query)), f"{page}\n{query}"


def test_the_map_names_every_folder() -> None:
    text = (ROOT / "docs" / "design.md").read_text("utf-8")
    folders = {
        path.parent.name for package in ("graph", "search", "web") for path in (ROOT / package).glob("*/__init__.py")
    }
    assert {name for name in folders if f"`{name}/`" not in text} == set()


def test_recipes_answer(place: dict[str, str]) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed: the recipes of docs/ are not run")
    with serving(place) as port:
        recipes = [recipe for page in PAGES for recipe in commands(page, "curl")]
        assert recipes
        for recipe in recipes:
            command = recipe.replace("curl ", "curl -sS --fail-with-body ", 1).replace(":8000", f":{port}")
            process = run(command, place)
            assert process.returncode == 0, f"{recipe}\n{process.stdout}\n{process.stderr}"
            assert process.stdout.strip() or "$TOKEN" in recipe, recipe  # a write answers without a body


@contextmanager
def serving(place: dict[str, str], *options: str) -> Iterator[int]:
    """Run `creative-atlas serve` in the folder; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    command = ["creative-atlas", "serve", "--port", str(port), *options]
    server = subprocess.Popen(command, cwd=place["PWD"], env=place)
    try:
        _wait(port)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start within half a minute")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for command in commands(page, "make"):
        assert re.search(rf"^{re.escape(command.split()[1])}:", makefile, re.M), command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_are_there(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_command_is_documented() -> None:
    from web.cli.main import COMMANDS

    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert not [name for name in COMMANDS if f"creative-atlas {name}" not in text]


def test_every_setting_is_documented() -> None:
    named = set(re.findall(r"CREATIVE_ATLAS_[A-Z_]+", (ROOT / "web" / "settings.py").read_text("utf-8")))
    text = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    assert not [name for name in sorted(named) if name not in text]
