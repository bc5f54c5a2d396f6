"""Figures of a generation: counted by the write, kept where counting costs too much, read back unchanged."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.metadata.ontology import counted
from graph.metadata.statistics import FILE, Figures, count, read_figures, write_figures
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.writer import Changes, Writer
from tests.support.small import NoIndex, few_facts
from web.read_model.live_generation import Live
from web.read_model.statistics import figures

EX = "https://example.org/"
numbers = st.integers(0, 10**9)
counts = st.dictionaries(st.text(max_size=8), numbers, max_size=3)
links = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), numbers), max_size=2)


@given(
    st.builds(
        Figures, generation=st.text(max_size=6), facts=numbers, quads=numbers, graphs=numbers, claims=numbers,
        entities=numbers, subjects=numbers, objects=numbers, classes=counts, totals=counts, kinds=counts,
        properties=counts, collections=counts, recent=st.lists(st.text(max_size=5), max_size=2).map(tuple),
        examples=st.lists(st.tuples(st.text(max_size=5), numbers), max_size=2).map(tuple), links=links.map(tuple),
        format=st.just(1),
    )
)  # fmt: skip
def test_figures_are_read_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, original: Figures) -> None:
    folder = tmp_path_factory.mktemp("figures")
    write_figures(folder, original)
    assert read_figures(folder) == original


def test_damaged_figures_are_not_read(tmp_path: Path) -> None:
    assert read_figures(tmp_path) is None
    for text in ("", "[]", "{}", '{"format": 99}', "not json"):
        (tmp_path / FILE).write_text(text)
        assert read_figures(tmp_path) is None


def test_figures_agree_with_sparql() -> None:
    store = ox.Store()
    few_facts(store)
    store.load(
        f"""PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX : <{EX}>
        :Wide a rdfs:Class . :Narrow rdfs:subClassOf :Wide . :Round rdfs:subClassOf :Narrow .
        :Wide rdfs:subClassOf :Round .
        :a a :Wide, :Narrow . :b a :Round . [] a :Narrow .""".encode(),
        format=ox.RdfFormat.TURTLE,
    )
    figures_ = count(Snapshot(store))

    def grouped(query: str) -> dict[str, int]:
        rows = store.query(f"PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> {query} GROUP BY ?x")
        assert isinstance(rows, ox.QuerySolutions)
        return {row["x"].value: int(row["n"].value) for row in rows}

    assert figures_.properties == grouped("SELECT ?x (COUNT(*) AS ?n) { ?s ?x ?o }")
    assert figures_.classes == grouped("SELECT ?x (COUNT(DISTINCT ?s) AS ?n) { ?s a ?x }")
    totals = grouped("SELECT ?x (COUNT(DISTINCT ?s) AS ?n) { ?s a/rdfs:subClassOf* ?x }")
    assert {iri: figures_.totals[iri] for iri in totals} == totals
    assert figures_.totals[f"{EX}Wide"] == 3
    assert figures_.facts == sum(figures_.properties.values())
    assert figures_.kinds[f"{EX}Narrow"] == 1  # without the blank node


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "atlas")


def add(store: ox.Store) -> Changes:
    store.add(ox.Quad(ox.NamedNode(f"{EX}new"), ox.NamedNode(f"{EX}is"), ox.Literal("new")))
    return Changes(entities=frozenset({f"{EX}new"}))


def test_every_write_counts_a_small_atlas(home: Home) -> None:
    with Writer(home, NoIndex()).session() as session:
        for work, fresh in ((few_facts, False), (add, False), (few_facts, True)):
            generation = session.change(work, fresh=fresh)
            assert generation is not None
            stored = read_figures(generation.path)
            assert stored == counted(Snapshot.open(generation))
            assert stored is not None and stored.generation == generation.name


def test_a_large_atlas_keeps_its_figures_and_no_request_counts(home: Home) -> None:
    with Writer(home, NoIndex(), max_counted=1).session() as session:
        first = session.change(few_facts)
        second = session.change(add)
        assert first is not None and second is not None
        assert read_figures(second.path) == read_figures(first.path)
        third = session.change(lambda store: Changes(everything=True))
        assert third is not None
        stored = read_figures(third.path)
        assert stored is not None and stored.generation == third.name
    view = Live(home).view()
    assert figures(view) == stored
    write_figures(view.generation.path, read_figures(second.path) or stored)  # behind, and small: counted at once
    assert figures(Live(home).view()).generation == third.name
