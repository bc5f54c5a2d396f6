from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.storage.generations import Home
from graph.storage.snapshot import DEFAULT, Snapshot, term
from graph.write.writer import CONTENT, INDEXED, Changes, Session, Writer
from tests.support.small import NoIndex, ex, few_facts


def add(name: str) -> ox.Quad:
    return ox.Quad(ex(name), term("rdfs:label"), ox.Literal(name), DEFAULT)


def test_each_change_is_one_generation(home: Home, session: Session) -> None:
    def work(store: ox.Store) -> Changes:
        store.add(add("one"))
        return Changes(entities=frozenset({ex("one").value}))

    first = session.change(work)
    assert first is not None
    assert (first.number, first.manifest()["quads"]) == (1, 1)
    session.change(few_facts)
    live = Snapshot.open(home.require())
    assert live.label(ex("one").value) == "one"
    assert live.label(ex("pec").value) == "Creative PEC"


def test_the_content_of_the_graphs_has_an_identifier(tmp_path: Path) -> None:
    """Unlike the number of a generation it is unique among atlases, and it stays when only the index changes."""
    names = []
    for home in (Home(tmp_path / "one"), Home(tmp_path / "other")):
        with Writer(home, NoIndex()).session() as session:
            session.change(few_facts)
            names.append(home.require().manifest()[CONTENT])
            session.change(lambda store: INDEXED)
            session.reindex(lambda live, scratch: {})
            assert (home.require().number, home.require().manifest()[CONTENT]) == (3, names[-1])
            session.change(lambda store: Changes(notes={"last_change": "http"}))
            names.append(home.require().manifest()[CONTENT])
    assert len(set(names)) == 4


def test_no_change_no_generation(home: Home, session: Session) -> None:
    session.change(few_facts)
    assert session.change(lambda store: Changes()) is None
    assert home.require().number == 1


def test_a_change_that_fails_leaves_no_trace(home: Home, session: Session) -> None:
    session.change(few_facts)

    def work(store: ox.Store) -> Changes:
        store.add(add("half"))
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError):
        session.change(work)
    assert home.require().number == 1
    assert not Snapshot.open(home.require()).exists(ex("half").value)
    assert [p.name for p in home.generations.iterdir()] == ["000001"]


def test_open_readers_are_unharmed_by_later_writes(home: Home, session: Session) -> None:
    session.change(few_facts)
    early = Snapshot.open(home.require())
    for number in range(6):

        def work(store: ox.Store, name: str = f"n{number}") -> Changes:
            store.add(add(name))
            return Changes(entities=frozenset({ex(name).value}))

        session.change(work)
    assert early.label(ex("pec").value) == "Creative PEC"
    assert not early.exists(ex("n0").value)
    late = Snapshot.open(home.require())
    assert all(late.exists(ex(f"n{number}").value) for number in range(6))


def test_notes_are_kept_in_later_manifests(home: Home, session: Session) -> None:
    session.change(lambda store: Changes(notes={"starter": {"digest": "abc"}}))
    session.change(few_facts)
    assert home.require().manifest()["starter"] == {"digest": "abc"}
