"""Going back to an earlier generation: what it says, what it leaves, and that no number names two states."""

from __future__ import annotations

from dataclasses import replace

import pyoxigraph as ox
import pytest

from graph.errors import GraphDamaged, HomeLocked, InputError
from graph.metadata.statistics import read_figures
from graph.storage.checksums import check_graph
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.rollback import plan_rollback, roll_back
from graph.write.writer import CONTENT, Changes, NoIndex, Writer
from tests.support.damage import damage_file, largest_table, unshare


def write(home: Home, name: str, change: str | None = "http") -> None:
    def work(store: ox.Store) -> Changes:
        store.add(ox.Quad(ox.NamedNode(f"urn:{name}"), ox.NamedNode("urn:p"), ox.Literal(name * 50)))
        return Changes(everything=True, notes={} if change is None else {"last_change": change})

    with Writer(home, NoIndex()).session() as session:
        session.change(work)


def subjects(home: Home) -> set[str]:
    return {str(quad.subject.value) for quad in Snapshot.open(home.require()).store}  # type: ignore[union-attr]


@pytest.fixture
def three(home: Home) -> Home:
    for name in ("a", "b", "c"):
        write(home, name)
    return home


def test_the_earlier_state_is_live_again_under_a_new_number(three: Home) -> None:
    content = three.whole()[1].manifest()[CONTENT]
    generation = roll_back(three, plan_rollback(three, "000002"))
    assert (generation.name, three.require().name) == ("000004", "000004")
    assert subjects(three) == {"urn:a", "urn:b"}
    assert generation.manifest()[CONTENT] == content, "it is the same content, so entity tags hold again"
    figures = read_figures(generation.path)
    assert figures is not None and (figures.generation, figures.quads) == ("000004", 2)
    assert check_graph(generation.path).files
    write(three, "d")
    assert three.require().name == "000005"
    assert subjects(three) == {"urn:a", "urn:b", "urn:d"}


def test_the_plan_says_which_writes_go(home: Home) -> None:
    for name, change in (("a", "http"), ("b", "http"), ("c", None), ("d", "index")):
        write(home, name, change)
    plan = plan_rollback(home, "1")
    assert [state.name for state in plan.lost] == ["000002", "000003", "000004"]
    assert [state.change for state in plan.lost] == ["http", "", "index"], "a note is of its own write only"
    assert [state.is_write for state in plan.lost] == [True, True, False]
    assert [state.quads for state in plan.lost] == [2, 3, 4]
    assert plan.unknown == ()
    assert home.require().name == "000004", "nothing was changed"


def test_generations_that_are_gone_are_said_to_be_unknown(home: Home) -> None:
    slow, quick = replace(home, linger=1000.0), replace(home, linger=0.0)
    write(slow, "a")
    kept = home.generations / "kept"
    home.require().path.rename(kept)
    (kept).rename(home.generations / "000001")
    for name in ("b", "c"):
        write(slow, name)
    (home.generations / "000002" / "manifest.json").unlink()
    assert plan_rollback(quick, "000001").unknown == ("000002",)


@pytest.mark.parametrize("name", ["000009", "000003", "x", "../000001", "", "٣"])
def test_a_generation_that_cannot_be_gone_back_to_is_refused(three: Home, name: str) -> None:
    with pytest.raises(InputError):
        plan_rollback(three, name)


def test_a_damaged_generation_is_no_goal(three: Home) -> None:
    unshare(three.whole()[1].path)
    damage_file(largest_table(three.whole()[1].path))
    with pytest.raises(GraphDamaged, match="000002"):
        plan_rollback(three, "000002")


def test_damage_is_left_behind(three: Home) -> None:
    unshare(three.require().path)
    damage_file(largest_table(three.require().path))
    roll_back(three, plan_rollback(three, "000002"))
    assert subjects(three) == {"urn:a", "urn:b"}
    check_graph(three.require().path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"000099"])
def test_a_broken_pointer_is_mended(three: Home, content: bytes) -> None:
    three.current.write_bytes(content)
    plan = plan_rollback(three, "000003")
    assert plan.lost == ()
    assert roll_back(three, plan).name == "000004"
    assert subjects(three) == {"urn:a", "urn:b", "urn:c"}


def test_a_write_that_came_after_the_question_is_not_taken_out(three: Home) -> None:
    plan = plan_rollback(three, "000002")
    write(three, "d")
    with pytest.raises(InputError, match="Another write"):
        roll_back(three, plan)
    assert "urn:d" in subjects(three)


def test_one_writer_at_a_time(three: Home) -> None:
    plan = plan_rollback(three, "000002")
    with three.lock(), pytest.raises(HomeLocked):
        roll_back(three, plan)
