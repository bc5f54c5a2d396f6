"""`creative-atlas load` of files that were made to break their reader: one sentence, soon, and the atlas as it was."""

from __future__ import annotations

import gzip
import resource
from pathlib import Path

import pytest

from tests.support.cli import Cli, assert_failure
from tests.web.cli.hostile_rdf import HOSTILE


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Cli:
    cli = Cli(tmp_path_factory.mktemp("load"), cache)
    (cli.root / "good.nt").write_text("<urn:a> <urn:b> <urn:c> .\n")
    result = cli("load", "good.nt", "--no-index")
    assert result.returncode == 0, result.stderr
    return cli


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("packed", [False, True])
def test_a_hostile_file_is_refused(name: str, packed: bool, loaded: Cli) -> None:
    text, words = HOSTILE[name]
    file = loaded.root / (f"{name}.gz" if packed else name)
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert_failure(loaded("load", file.name, "--no-index"), words)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 10
    assert (loaded.home / "CURRENT").read_text() == "000001"
    assert [path.name for path in (loaded.home / "generations").iterdir()] == ["000001"]


def test_files_are_found_from_where_the_command_runs(loaded: Cli) -> None:
    """The process that reads them stands elsewhere."""
    folder = loaded.root / "sub"
    folder.mkdir()
    (folder / "more.ttl").write_text("<x> <y> <z> .")
    assert "Loaded 1 quad." in loaded("load", "sub/more.ttl", "--no-index").stdout
    answer = loaded("query", "-e", "SELECT ?s { ?s ?p ?o }", "--format", "csv").stdout
    assert (folder / "x").as_uri() in answer.split()
    assert_failure(loaded("load", "sub/missing.ttl", "--no-index"), "sub/missing.ttl")
