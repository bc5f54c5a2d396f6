"""The index is derived from the graph: damaged, missing or of another encoder, it is noticed and rebuilt."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.errors import IndexUnusable
from graph.write.writer import no_progress
from search.types import Query
from tests.support.services import make_services
from web.maintenance.index_repair import IndexRebuilder, reindex
from web.services import compose


def _remove_dense(generation: Path) -> None:
    for path in (generation / "dense").iterdir():
        path.unlink()


def _cut_a_file(generation: Path) -> None:
    largest = max((generation / "lexical").iterdir(), key=lambda path: path.stat().st_size)
    content = largest.read_bytes()
    largest.unlink()  # the file is shared by hard links: only this generation's name for it is damaged
    largest.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("damage", [_remove_dense, _cut_a_file])
def test_damage_is_noticed_and_repaired(tmp_path: Path, cache: Path, damage: Callable[[Path], None]) -> None:
    services = make_services(tmp_path, cache)
    sound = services.atlas.search(Query("access to finance"))
    damage(services.home.require().path)
    fresh = compose(services.settings)
    with pytest.raises(IndexUnusable):
        fresh.atlas.search(Query("access to finance"))
    reindex(fresh.writer(no_progress))
    again = fresh.atlas.search(Query("access to finance"))
    assert [hit.iri for hit in again.hits] == [hit.iri for hit in sound.hits]


def test_a_server_repairs_in_the_background(tmp_path: Path, cache: Path) -> None:
    services = make_services(tmp_path, cache)
    _remove_dense(services.home.require().path)
    server = compose(services.settings, repairs_index=True)
    with pytest.raises(IndexUnusable, match="being built"):
        server.atlas.search(Query("access to finance"))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            assert server.atlas.search(Query("access to finance")).hits
            assert server.index_rebuilder.wait(30) == 0
            server.close()
            return
        except IndexUnusable:
            time.sleep(0.2)
    pytest.fail("the index was not repaired within a minute")


def test_only_one_repair_runs_at_a_time(tmp_path: Path, cache: Path) -> None:
    services = make_services(tmp_path, cache)
    rebuilder = IndexRebuilder(services.settings)
    before = services.home.require().number
    first, second = rebuilder(IndexUnusable("Broken.")), rebuilder(IndexUnusable("Broken."))
    assert str(first) == str(second)
    assert rebuilder.wait(60) == 0
    assert services.home.require().number == before + 1
