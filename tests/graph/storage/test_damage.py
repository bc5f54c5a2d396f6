"""Damage of a graph: noticed by checksums, recognised in the engine's errors, told with what can be done."""

from __future__ import annotations

import json
from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.errors import GraphDamaged, StorageFull
from graph.storage.checksums import CHECKSUMS, check_graph
from graph.storage.damage import explain_damage, last_whole
from graph.storage.engine_faults import store_fault
from graph.storage.generations import Home
from graph.write.writer import Changes, NoIndex, Writer
from tests.support.damage import damage_file, largest_table, unshare


def write(home: Home, number: int, quads: int = 200) -> Path:
    """Publish a generation that holds further quads."""

    def work(store: ox.Store) -> Changes:
        names = (ox.NamedNode(f"urn:{number}:{n}") for n in range(quads))
        store.extend(ox.Quad(name, ox.NamedNode("urn:p"), ox.Literal(f"a text about {name.value}")) for name in names)
        return Changes(notes={"last_change": "http"})

    with Writer(home, NoIndex()).session() as session:
        generation = session.change(work)
    assert generation is not None
    return generation.path


def same_graph(home: Home) -> Path:
    """Publish a generation that shares every table with the one before it."""
    with Writer(home, NoIndex()).session() as session:
        generation = session.reindex(lambda live, scratch: {})
    assert generation is not None
    return generation.path


@pytest.fixture
def two(home: Home) -> tuple[Path, Path]:
    """A generation and the one before it, with files of its own."""
    first, second = write(home, 1), write(home, 2)
    unshare(second)
    return first, second


def test_every_file_that_the_engine_reads_is_noted_and_sound(home: Home) -> None:
    for number in range(4):
        generation = write(home, number)
        noted = set(json.loads((generation / CHECKSUMS).read_text()))
        names = {file.name for file in (generation / "graph").iterdir()}
        assert {name for name in names if name.endswith(".sst") or name.startswith("MANIFEST")} | {"CURRENT"} == noted
        assert check_graph(generation).files == len(noted)
        assert check_graph(generation).unchecked == 0


def test_reading_a_graph_leaves_its_files_as_they_are(home: Home) -> None:
    generation = write(home, 1)
    store = ox.Store.read_only(str(generation / "graph"))
    assert len(list(store)) == len(store)
    del store
    check_graph(generation)


@pytest.mark.parametrize("name", ["table", "MANIFEST", "CURRENT"])
@pytest.mark.parametrize("fate", ["flipped", "cut", "gone"])
def test_a_damaged_file_is_named(home: Home, two: tuple[Path, Path], name: str, fate: str) -> None:
    graph = two[1] / "graph"
    file = largest_table(two[1]) if name == "table" else next(graph.glob(f"{name}*"))
    if fate == "flipped":
        damage_file(file)
    elif fate == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        file.unlink()
    with pytest.raises(GraphDamaged, match=file.name) as caught:
        check_graph(two[1])
    assert caught.value.generation == "000002"
    assert last_whole(home, "000002") is not None
    assert "rollback 000001" in explain_damage(home, caught.value).remedy


def test_without_a_whole_generation_a_backup_is_the_remedy(home: Home) -> None:
    write(home, 1)
    second = same_graph(home)
    damage_file(largest_table(second))  # the first has the same table
    with pytest.raises(GraphDamaged) as caught:
        check_graph(second)
    assert "backup" in explain_damage(home, caught.value).remedy
    assert "rollback" not in explain_damage(home, caught.value).remedy


def test_damage_is_not_noted_as_what_was_written(home: Home) -> None:
    table = largest_table(write(home, 1))
    damage_file(table)
    with pytest.raises(GraphDamaged, match=table.name):
        check_graph(same_graph(home))


def test_a_generation_of_an_earlier_version_is_unchecked(home: Home) -> None:
    first = write(home, 1)
    (first / CHECKSUMS).unlink()
    assert check_graph(first).files == 0 < check_graph(first).unchecked
    soundness = check_graph(same_graph(home))
    assert soundness.unchecked, "files that both share stay unchecked"
    assert last_whole(home, "000002") is None, "nobody knows whether it is whole"


@pytest.mark.parametrize("fate", ["flipped", "cut", "gone"])
def test_the_errors_of_the_engine_are_recognised(two: tuple[Path, Path], fate: str) -> None:
    table = largest_table(two[1])
    if fate == "flipped":
        damage_file(table)
    elif fate == "cut":
        table.write_bytes(table.read_bytes()[:-100])
    else:
        table.unlink()
    with pytest.raises((OSError, RuntimeError)) as caught:
        list(ox.Store.read_only(str(two[1] / "graph")))
    fault = store_fault(caught.value, "000002")
    assert isinstance(fault, GraphDamaged)
    assert table.name in fault.message and str(two[1]) not in fault.message


def test_a_write_to_a_damaged_graph_says_so(home: Home, two: tuple[Path, Path]) -> None:
    damage_file(largest_table(two[1]))
    with pytest.raises(GraphDamaged, match=r"000002 is damaged: \d+\.sst"):
        write(home, 3)
    assert home.require().name == "000002"


def test_a_full_disk_is_no_damage() -> None:
    for error in (
        OSError(28, "No space left on device"),
        OSError("IO error: No space left on device: While appending"),
    ):
        assert isinstance(store_fault(error), StorageFull)
    for other in (OSError(13, "Permission denied"), RuntimeError("a bug"), ValueError("Corruption: of a value")):
        assert store_fault(other) is None
