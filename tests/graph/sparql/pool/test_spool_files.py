"""Results on disk where the folder for them goes away."""

from __future__ import annotations

from pathlib import Path

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from tests.support.query_pool import EX

LOOK_UP = f"SELECT ?o {{ <{EX}s7> <{EX}p> ?o }}"


def test_a_folder_for_spool_files_that_is_gone_costs_no_later_query(generation: Path, tmp_path: Path) -> None:
    """A worker that gives its spool file away and gets no other is replaced; its answer is delivered."""
    folder = tmp_path / "spool"
    with QueryPool(Limits(workers=1, inline_bytes=100, timeout=5), folder) as pool:
        pool.run(generation, LOOK_UP).close()
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        folder.write_text("in the way")
        for number in range(3):
            with pool.run(generation, f"SELECT ?s ?o {{ ?s <{EX}p> ?o }} LIMIT {100 + number}") as result:
                assert result.spooled and result.size == len(result.read())
            if not number:
                folder.unlink()
        assert pool.load() == (0, 0)
