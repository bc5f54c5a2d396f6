"""Export: streamed, complete, and the same bytes for the same data; and the commands that write."""

from __future__ import annotations

import gzip
import io
import random
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import AtlasError, InputError, UnknownGraph
from graph.storage.snapshot import DEFAULT
from graph.write.rdf_export import FORMATS, export, format_for, opened
from search.indexing.lag import lag_of
from tests.support.writable_services import ServiceMaker
from web.cli.main import cli

GRAPH = ox.NamedNode("http://e/g")
NODES = st.sampled_from([ox.NamedNode("http://e/a"), ox.NamedNode("http://e/é"), ox.BlankNode("x"), ox.BlankNode("y")])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.one_of(NODES, TEXTS.map(ox.Literal), TEXTS.map(lambda text: ox.Literal(text, language="en")))
QUADS = st.lists(
    st.builds(ox.Quad, NODES, st.just(ox.NamedNode("http://e/p")), VALUES, st.sampled_from([DEFAULT, GRAPH])),
    max_size=12,
)


def written(store: ox.Store, name: str, graph: str | None = None) -> bytes:
    output = io.BytesIO()
    export(store, output, name, graph)
    return output.getvalue()


@given(QUADS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_canonical_is_one_text_per_dataset(quads: list[ox.Quad], chance: random.Random) -> None:
    """The order of insertion and the names of blank nodes do not matter, and nothing is lost."""
    store, other = ox.Store(), ox.Store()
    store.extend(quads)
    names = {node: ox.BlankNode() for node in (ox.BlankNode("x"), ox.BlankNode("y"))}
    shuffled = chance.sample(quads, len(quads))
    other.extend(
        ox.Quad(names.get(q.subject, q.subject), q.predicate, names.get(q.object, q.object), q.graph_name)  # type: ignore[arg-type,call-overload]
        for q in shuffled
    )
    text = written(store, "canonical")
    assert text == written(other, "canonical")
    assert text.splitlines() == sorted(text.splitlines())
    again = ox.Store()
    again.load(text, ox.RdfFormat.N_QUADS)
    assert len(again) == len(store)
    assert written(again, "canonical") == text


def test_canonical_merges_what_is_sorted_in_pieces() -> None:
    store = ox.Store()
    store.extend(ox.Quad(ox.NamedNode(f"http://e/{n}"), GRAPH, ox.Literal(str(n))) for n in range(50))
    dump = written(store, "canonical")
    pieces = io.BytesIO()
    export(store, pieces, "canonical", at_once=7)
    assert pieces.getvalue() == dump
    assert len(dump.splitlines()) == 50


@pytest.mark.parametrize(("name", "rdf_format"), [(n, f) for n, f in FORMATS.items() if n != "canonical"])
def test_each_format_reads_back(name: str, rdf_format: ox.RdfFormat) -> None:
    store = ox.Store()
    store.update("INSERT DATA { <http://e/a> <http://e/p> 'x' . GRAPH <http://e/g> { <http://e/a> <http://e/p> 'y' } }")
    again = ox.Store()
    again.load(written(store, name, None if name in ("nquads", "trig", "jsonld") else "http://e/g"), rdf_format)
    assert len(again) == (2 if name in ("nquads", "trig", "jsonld") else 1)
    with pytest.raises(UnknownGraph):
        written(store, name, "http://e/none")


def test_choice_of_the_format() -> None:
    assert format_for(None, None, False) == "nquads"
    assert format_for(None, None, True) == "ntriples"
    assert format_for(None, Path("a.trig.gz"), False) == "trig"
    assert format_for("canonical", Path("a.nq"), False) == "canonical"
    for name, output in (("turtle", None), (None, Path("a.ttl")), ("docx", None)):
        with pytest.raises(InputError):
            format_for(name, output, False)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    store = ox.Store()
    store.update("INSERT DATA { <http://e/a> <http://e/p> 1 }")
    for name in ("one.nq.gz", "two.nq.gz"):
        with opened(tmp_path / name) as output:
            export(store, output, "nquads")
    assert (tmp_path / "one.nq.gz").read_bytes() == (tmp_path / "two.nq.gz").read_bytes()
    assert gzip.decompress((tmp_path / "one.nq.gz").read_bytes()).count(b"\n") == 1
    with pytest.raises(UnknownGraph), opened(tmp_path / "three.nq") as output:
        export(store, output, "ntriples", "http://e/none")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.nq.gz", "two.nq.gz"]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=True)


def test_the_commands(make_services: ServiceMaker, tmp_path: Path) -> None:
    home = make_services().home
    data = tmp_path / "data.ttl.gz"
    data.write_bytes(gzip.compress(b"@prefix : <http://e/> . :a :p :b , :c ."))
    assert run("load", data, "--graph", "http://e/g", "--no-index", "--home", home.root).output == "Loaded 2 quads.\n"
    text = "DELETE { GRAPH ?g { ?s ?p <http://e/b> } } WHERE { GRAPH ?g { ?s ?p <http://e/b> } }"
    assert run("update", "-e", text, "--no-index", "--home", home.root).exit_code == 0
    out = run("export", "--format", "canonical", "--home", home.root)
    assert out.output == "<http://e/a> <http://e/p> <http://e/c> <http://e/g> .\n"
    assert run("export", "--graph", "http://e/g", "--output", tmp_path / "g.ttl", "--home", home.root).exit_code == 0
    assert b"<http://e/c>" in (tmp_path / "g.ttl").read_bytes()
    assert isinstance(run("update", "-e", "LOAD <http://e/x>", "--home", home.root).exception, AtlasError)


def test_a_load_reports_changed_entities(make_services: ServiceMaker, tmp_path: Path) -> None:
    home = make_services().home
    data = tmp_path / "data.nt"
    data.write_text("<http://e/a> <http://e/p> <http://e/b> .\n")
    assert run("load", data, "--no-index", "--home", home.root).exit_code == 0
    lag = lag_of(home.require())
    assert lag is not None
    assert {"http://e/a", "http://e/b"} <= lag.entities.keys()
