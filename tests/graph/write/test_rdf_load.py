from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from graph.errors import BadData, InputTooLarge, UnreadableFile
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.rdf_load import Loaded, load
from graph.write.rdf_parse import ParseLimits
from graph.write.writer import Session
from tests.support.small import ex, few_facts

MINE = ex("mine")


@pytest.mark.parametrize(("name", "text"), [
    ("graph.jsonld", '{"@id": "https://example.org/official", "@graph": [{"@id": "http://e/a", "http://e/p": "x"}]}'),
    ("formula.n3", "@prefix : <http://e/> . { :a :b :c } :says { :d :e :f } ."),
    ("quads.nq", '<http://e/a> <http://e/p> "x" <http://e/g> .'),
])  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_names_graphs_is_not_loaded_into_another(
    name: str, text: str, packed: bool, home: Home, session: Session, tmp_path: Path
) -> None:
    """Neither into the one that it names, be it there already or not."""
    session.change(few_facts)
    file = tmp_path / (f"{name}.gz" if packed else name)
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    with pytest.raises(BadData, match=r"of its own\. Load it without --graph"):
        load(session, [file], graph=MINE.value)
    assert home.require().number == 1
    assert load(session, [file]).added > 0


@pytest.mark.parametrize(("name", "text"), [
    ("plain.jsonld", '{"@id": "http://e/a", "http://e/p": [{"@value": "x"}, {"http://e/p": "y"}]}'),
    ("plain.n3", "@prefix : <http://e/> . :a :p 'x', [ :p 'y' ] ."),
    ("plain.ttl", "@prefix : <http://e/> . :a :p 'x', [ :p 'y' ] ."),
])  # fmt: skip
def test_plain_triples_go_where_they_are_told(
    name: str, text: str, home: Home, session: Session, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    for added in (3, 2):  # a blank node is a new one each time
        assert load(session, [file], graph=MINE.value).added == added
    store = Snapshot.open(home.require()).store
    assert len(list(store.quads_for_pattern(None, None, None, MINE))) == len(store) == 5
    assert list(store.named_graphs()) == [MINE]


def test_a_damaged_gzip_file_is_an_unreadable_file(home: Home, session: Session, tmp_path: Path) -> None:
    """Damage in the middle of the data, which zlib reports by an error of its own."""
    session.change(few_facts)
    packed = bytearray(
        gzip.compress(b"".join(b'<http://e/%d> <http://e/p> "%d" .\n' % (n, n * n) for n in range(5_000)))
    )
    for at in range(2_000, 2_100):
        packed[at] ^= 0x55
    file = tmp_path / "damaged.nt.gz"
    file.write_bytes(packed)
    with pytest.raises(UnreadableFile, match="Check the file; nothing was loaded"):
        load(session, [file])
    assert home.require().number == 1


@pytest.mark.parametrize("graph", [None, MINE.value])
@pytest.mark.parametrize(("name", "text"), [
    ("plain.nt", "<http://e/a> <http://e/p> <http://e/b> ."),
    ("plain.ttl", "@prefix : <http://e/> . :a :p :b ."),
    ("plain.n3", "@prefix : <http://e/> . :a :p :b ."),
    ("plain.jsonld", '{"@id": "http://e/a", "http://e/p": {"@id": "http://e/b"}}'),
])  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_a_byte_order_mark_is_skipped(
    name: str, text: str, packed: bool, graph: str | None, session: Session, tmp_path: Path
) -> None:
    """Editors on Windows write one."""
    data = text.encode("utf-8-sig")
    file = tmp_path / (f"{name}.gz" if packed else name)
    file.write_bytes(gzip.compress(data) if packed else data)
    assert load(session, [file], graph=graph).added == 1


def test_a_remote_context_is_not_fetched_and_the_error_says_what_to_do(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "remote.jsonld"
    file.write_text('{"@context": "http://e/context", "@id": "http://e/a", "p": "x"}', "utf-8")
    with pytest.raises(BadData, match="never fetched: write the context itself"):
        load(session, [file])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("y.rdf", "@prefix : <http://e/> .\n:a :b :c .", "looks like Turtle"),
        ("y.jsonld", "<http://e/a> <http://e/b> <http://e/c> .", "looks like Turtle"),
        ("y.owl", "# notes\nPREFIX : <http://e/>\n:a a :c .", "looks like Turtle"),
        ("y.ttl", '{"@id": "http://e/a", "http://e/p": "x"}', "looks like JSON-LD"),
        ("y.ttl", "<?xml version='1.0'?><rdf:RDF/>", "looks like RDF/XML"),
        ("y.nt", "<rdf:RDF xmlns:rdf='http://e/'></rdf:RDF>", "looks like RDF/XML"),
        ("y.jsonld", " \n", "holds no statements"),
        ("y.jsonld", '{"@context": ["http://e/context.json"], "p": "x"}', "<http://e/context.json>, which is never"),
    ],
)
def test_a_file_of_another_syntax_is_recognised(
    name: str, text: str, message: str, session: Session, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    with pytest.raises(BadData, match=re.escape(message)):
        load(session, [file])


def test_a_wrong_line_is_not_taken_for_another_syntax(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "y.ttl"
    file.write_text("@prefix : <http://e/> .\n:a :b .", "utf-8")
    with pytest.raises(BadData, match="line 2") as caught:
        load(session, [file])
    assert "looks like" not in str(caught.value)


@pytest.mark.parametrize("name", ["bom.ttl", "bom.nt", "bom.nq", "bom.trig", "bom.rdf", "bom.jsonld"])
def test_a_byte_order_mark_is_passed_over(name: str, session: Session, tmp_path: Path) -> None:
    text = "<http://e/a> <http://e/p> <http://e/c> ."
    if name.endswith("rdf"):
        text = (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
            '<rdf:Description rdf:about="http://e/a"><e:p rdf:resource="http://e/c"/></rdf:Description></rdf:RDF>'
        )
    if name.endswith("jsonld"):
        text = '{"@id": "http://e/a", "http://e/p": {"@id": "http://e/c"}}'
    file = tmp_path / name
    file.write_text(text, "utf-8-sig")
    assert load(session, [file]).added == 1


@pytest.mark.parametrize(
    ("name", "text"), [("empty.ttl", ""), ("notes.nt", "# nothing\n"), ("bare.jsonld", '{"a": 1}')]
)
def test_a_file_without_statements(name: str, text: str, session: Session, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    assert load(session, [file]) == Loaded(0, (file,))


def test_what_unpacks_without_end_is_refused(session: Session, tmp_path: Path) -> None:
    """A hundred times its own length, above what any file may have."""
    file = tmp_path / "bomb.nt.gz"
    file.write_bytes(gzip.compress(b"#" * 2_000_000))
    with pytest.raises(InputTooLarge, match="unpacks to more than"):
        load(session, [file], limits=ParseLimits(unpacked_bytes=1_000))
    assert load(session, [file]).empty == (file,)
