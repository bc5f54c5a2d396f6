"""A JavaScript client from npm against a running server: `sparql-http-client` 3, in the Node.js of the build.

The packages are installed from `js/package-lock.json` into the cache at the first run; without the npm registry the
test is skipped, and says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import hatch_build
from tests.clients.conftest import TOKEN

SOURCES = Path(__file__).parent / "js"


@pytest.fixture(scope="module")
def package(cache: Path) -> Path:
    """The folder with the script and its packages."""
    folder = cache / "js-client"
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES.iterdir():
        if source.is_file():
            shutil.copyfile(source, folder / source.name)
    try:
        hatch_build.install_packages(folder)
    except RuntimeError as error:
        pytest.skip(f"sparql-http-client cannot be had from npm here: {str(error)[-300:]}")
    return folder


@pytest.fixture(scope="module")
def answers(package: Path, labels: list[list[str]], site: str) -> dict[str, Any]:
    """Answers that the client got; `labels` were read before it wrote."""
    node = hatch_build.node_root() / "bin" / "node"
    process = subprocess.run(
        [str(node), "drive.mjs", site, TOKEN], cwd=package, capture_output=True, text=True, timeout=120
    )
    assert process.returncode == 0, process.stderr
    answer: dict[str, Any] = json.loads(process.stdout)
    return answer


@pytest.mark.parametrize("client_method", ["get", "postUrlencoded", "postDirect", "streamed"])
def test_select(answers: dict[str, Any], labels: list[list[str]], client_method: str) -> None:
    assert labels
    assert answers[client_method] == labels


def test_construct_and_ask(answers: dict[str, Any], labels: list[list[str]]) -> None:
    assert sorted(answers["constructed"]) == sorted(labels)
    assert answers["asked"] == [True, False]


def test_update_with_the_token(answers: dict[str, Any]) -> None:
    assert answers["updated"] == [["snow ☃", "en"]]
    assert "401" in answers["refused"] and "needs the token" in answers["refused"]


def test_errors_reach_the_client(answers: dict[str, Any]) -> None:
    assert "400" in answers["wrong"] and "query-syntax" in answers["wrong"]


def test_graph_store(answers: dict[str, Any]) -> None:
    assert answers["put"] == ["one", "two"]
    assert answers["posted"] == ["one", "three", "two"]
    assert answers["replaced"] == ["four"]
