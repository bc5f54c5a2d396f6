from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
from click.testing import CliRunner

from graph.entities.connectivity import connectivity
from graph.storage.snapshot import DEFAULT, Snapshot, term
from tests.support.small import claim, ex
from web.cli.main import cli


def _store() -> Snapshot:
    store = ox.Store()
    for name in ("a", "b", "c", "d", "lone", "pending"):
        store.add(ox.Quad(ex(name), term("rdf:type"), term("ca:Programme"), DEFAULT))
        store.add(ox.Quad(ex(name), term("rdfs:label"), ox.Literal(name.title()), DEFAULT))
    for start, end in (("a", "office"), ("office", "b"), ("c", "d"), ("a", "e"), ("e", "b")):
        store.add(ox.Quad(ex(start), term("dcterms:isPartOf"), ex(end), DEFAULT))
    store.add(ox.Quad(ex("office"), term("rdf:type"), term("org:Membership"), DEFAULT))
    store.add(ox.Quad(ex("e"), term("rdf:type"), term("ca:Programme"), DEFAULT))
    store.extend(claim("blog", ex("pending"), term("dcterms:isPartOf"), ex("a"), "proposed"))
    return Snapshot(store)


def test_the_share_and_the_reasons() -> None:
    report = connectivity(_store())
    assert (report.entities, report.largest, report.components) == (7, 3, 4)
    assert report.share == 3 / 7
    assert {entity.label: entity.reason for entity in report.isolated} == {
        "C": "linked only with D",
        "D": "linked only with C",
        "Lone": "no fact links it",
        "Pending": "its links are claimed, not accepted: A",
    }


def test_an_empty_graph_has_no_components() -> None:
    report = connectivity(Snapshot(ox.Store()))
    assert (report.entities, report.share, report.isolated) == (0, 1.0, ())


def test_the_command_names_entities_outside_the_largest_component(starter_home: Path) -> None:
    result = CliRunner().invoke(cli, ["check", "--network", "--home", str(starter_home)])
    assert result.exit_code == 0, result.output
    first, *lines = result.output.splitlines()
    assert "are in the largest of" in first
    assert all(line.startswith("  ") and ">: " in line for line in lines)
