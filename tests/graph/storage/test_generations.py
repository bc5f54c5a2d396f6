from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from graph.errors import HomeLocked, NewerFormat, NotAnAtlas
from graph.storage.generations import FORMAT, KEEP, Home


def publish(home: Home, text: str) -> str:
    with home.lock():
        scratch = home.scratch()
        (scratch / "content").write_text(text)
        return home.publish(scratch, {}).name


def test_published_generation_is_live(home: Home) -> None:
    assert publish(home, "one") == "000001"
    assert publish(home, "two") == "000002"
    live = home.require()
    assert (live.path / "content").read_text() == "two"
    assert live.manifest()["format"] == FORMAT


def test_only_the_last_generations_stay(home: Home) -> None:
    home = replace(home, linger=0.0)
    for number in range(5):
        publish(home, str(number))
    assert sorted(p.name for p in home.generations.iterdir()) == ["000004", "000005"]
    assert KEEP == 2


def test_a_replaced_generation_stays_for_readers_that_are_about_to_open_it(home: Home) -> None:
    for number in range(4):
        publish(home, str(number))
    names = [f"{number:06d}" for number in range(1, 5)]
    assert sorted(p.name for p in home.generations.iterdir()) == names
    for name in names[:3]:  # as if the first two had been replaced a minute ago
        manifest = home.generations / name / "manifest.json"
        os.utime(manifest, (manifest.stat().st_mtime - 60,) * 2)
    publish(home, "again")
    assert sorted(p.name for p in home.generations.iterdir()) == [*names[2:], "000005"]
    home.drop_older()
    assert [p.name for p in home.generations.iterdir()] == ["000005"]


def test_work_aside_leaves_nothing_and_deletes_what_dead_processes_left(home: Home) -> None:
    publish(home, "one")
    dead = home.generations / "aside-4194999-x"
    dead.mkdir()
    with home.aside() as first, home.aside() as second:
        assert first != second and not dead.exists()
        publish(home, "two")
        assert first.is_dir(), "a writer does not delete it"
    assert sorted(p.name for p in home.generations.iterdir()) == ["000001", "000002"]


def test_the_next_writer_deletes_scratch_of_a_dead_one(home: Home) -> None:
    publish(home, "one")
    scratch = home.generations / "tmp-999"
    scratch.mkdir()
    publish(home, "two")
    assert not scratch.exists()


def test_a_generation_renamed_but_not_live_is_replaced(home: Home) -> None:
    publish(home, "one")
    dead = home.generations / "000002"
    dead.mkdir()
    (dead / "content").write_text("never live")
    assert publish(home, "two") == "000002"
    assert (home.require().path / "content").read_text() == "two"


def test_a_second_writer_gets_the_process_id_of_the_first(home: Home) -> None:
    with home.lock(), pytest.raises(HomeLocked, match="Wait until it has finished") as caught, Home(home.root).lock():
        pass
    assert caught.value.pid is not None
    with home.lock():
        pass


def test_the_error_for_an_absent_atlas_says_how_to_make_one(home: Home) -> None:
    with pytest.raises(NotAnAtlas, match=r"creative-atlas init .* creative-atlas build"):
        home.require()


def test_foreign_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("mine")
    with pytest.raises(NotAnAtlas, match="not an atlas"), Home(tmp_path).lock():
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_file_is_no_home(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(NotAnAtlas):
        Home(path).live()


def test_newer_format_is_refused(home: Home) -> None:
    publish(home, "one")
    manifest = home.require().path / "manifest.json"
    manifest.write_text(json.dumps({"format": FORMAT + 1}))
    with pytest.raises(NewerFormat, match="Install the newer version"):
        home.live()


@pytest.mark.parametrize("content", ["", "000009", "../../etc", "\x00"])
def test_broken_pointer_is_named(home: Home, content: str) -> None:
    publish(home, "one")
    home.current.write_text(content)
    with pytest.raises(NotAnAtlas, match="CURRENT") as caught:
        home.require()
    assert "000001 is there and whole" in caught.value.remedy
    with pytest.raises(NotAnAtlas), home.lock():
        pytest.fail("no write is allowed while it is unknown which generation is live")
    home.current.write_text("000001")  # what the message says
    assert (home.require().path / "content").read_text() == "one"


def test_a_pointer_that_cannot_be_read_is_named_too(home: Home) -> None:
    publish(home, "one")
    home.current.write_bytes(b"\xff\xfe")
    with pytest.raises(NotAnAtlas, match="no name") as caught:
        home.live()
    assert "000001" in caught.value.remedy
    (home.generations / "000001" / "manifest.json").write_text("[]")
    home.current.write_text("000001")
    with pytest.raises(NotAnAtlas, match="000001") as caught:
        home.live()
    assert "backup" in caught.value.remedy
