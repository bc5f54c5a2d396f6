"""Quotes that the ingested text of a source supports are proposed for its claims, and no others."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.claims.acceptance import Claim, claims_in
from graph.claims.evidence import evidence_of
from graph.model import Document, Evidence
from graph.quotes.identify_source import Sources, address
from graph.quotes.numbers import find_number
from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.ingest import forget, ingest
from graph.write.writer import Session, Writer
from tests.support.folder import FILES, NOTE, write_folder
from tests.support.small import ID, NoIndex

GUIDANCE = f"{ID}source/gov"
TITLE = "Guidance on the funds for creative businesses"
NAMED = {
    "sources.ttl": FILES["sources.ttl"]
    .replace('"Guidance"', f'"{TITLE}"')
    .replace('ca:reliability "official"', 'ca:reliability "official" ; schema:url <https://www.example.org/guide/>'),
    "ontology.ttl": FILES["ontology.ttl"] + "schema:url rdfs:label 'url' . rdf:type rdfs:label 'type' .",
}
SAYS = "Creative Scale-Up is funded by the Department for Culture, Media and Sport and runs for two years."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "data", NAMED)


def article(folder: Path, text: str, *, title: str = TITLE, front: str = "", name: str = "article.md") -> Path:
    path = folder / name
    path.write_text(f'---\ntitle: "{title}"\n{front}---\n\n{text}\n', "utf-8")
    return path


def evidence(home: Home, source: str = GUIDANCE) -> dict[tuple[str, str], Evidence]:
    """Evidence of the funding claims, by subject and object."""
    snapshot = Snapshot.open(home.require())
    return {
        (_end(claim.subject), _end(claim.object)): evidence_of(snapshot, claim)
        for claim in claims_in(snapshot.store, ox.NamedNode(source))
        if claim.predicate.value.endswith("fundedBy")
    }


def _end(node: ox.NamedNode | ox.Literal) -> str:
    return node.value.rpartition("/")[2]


FUNDED = ("scale-up", "dcms")


def test_the_text_of_a_source_gives_a_quote(home: Home, session: Session, folder: Path, tmp_path: Path) -> None:
    build(session, load(folder), built={})
    before = evidence(home)[FUNDED]
    assert (before.kind, before.quote, before.source.has_text) == ("cited", None, False)
    (outcome,) = ingest(session, home, [article(tmp_path, f"It is a short guide. {SAYS}")]).outcomes
    item = evidence(home)[FUNDED]
    assert (item.kind, item.status, item.offered) == ("quoted", "accepted", True)
    assert item.quote == SAYS
    assert [item.quote[start:end] for start, end in item.highlights] == [
        "Creative Scale-Up",
        "Department for Culture, Media and Sport",
    ]
    assert item.source.iri == GUIDANCE
    assert item.document == outcome.iri
    passage = Snapshot.open(home.require()).passage(item.passage or "")
    assert passage is not None
    assert SAYS in passage.text


def test_a_quote_is_removed_with_its_text_and_survives_a_build(
    home: Home, session: Session, folder: Path, tmp_path: Path
) -> None:
    build(session, load(folder), built={})
    (outcome,) = ingest(session, home, [article(tmp_path, SAYS)]).outcomes
    later = write_folder(tmp_path / "later", {**NAMED, "texts/scale-up.md": NOTE.replace("pilot", "trial")})
    build(session, load(later), built={})
    assert evidence(home)[FUNDED].quote == SAYS
    forget(session, home, outcome.iri)
    assert evidence(home)[FUNDED].kind == "cited"
    assert "ca:Quote" not in "".join(map(str, Snapshot.open(home.require()).store))


def test_texts_that_came_before_their_source_are_quoted_too(home: Home, session: Session, tmp_path: Path) -> None:
    build(session, load(write_folder(tmp_path / "old")), built={})
    ingest(session, home, [article(tmp_path, SAYS)])
    assert evidence(home)[FUNDED].kind == "cited"
    build(session, load(write_folder(tmp_path / "new", NAMED)), built={})
    assert evidence(home)[FUNDED].kind == "quoted"


def test_a_changed_text_loses_its_old_quotes(home: Home, session: Session, folder: Path, tmp_path: Path) -> None:
    build(session, load(folder), built={})
    ingest(session, home, [article(tmp_path, SAYS)])
    ingest(session, home, [article(tmp_path, "Creative Scale-Up has ended. DCMS says nothing of it.")])
    assert evidence(home)[FUNDED].kind == "cited"


@pytest.mark.parametrize(
    "text",
    [
        "Creative Scale-Up has begun. The Department for Culture, Media and Sport is in London.",
        "Creative Scale-Up was not funded by the Department for Culture, Media and Sport at all.",
        "Nesta says that the Department for Culture, Media and Sport has many funds.",
    ],
)
def test_a_sentence_that_does_not_fit_is_no_quote(
    home: Home, session: Session, folder: Path, tmp_path: Path, text: str
) -> None:
    build(session, load(folder), built={})
    ingest(session, home, [article(tmp_path, text)])
    assert evidence(home)[FUNDED].kind == "cited"


@pytest.mark.parametrize(
    ("title", "front", "known"),
    [
        (TITLE, "", True),
        (f"{TITLE}: what to know", "", True),
        (f"{TITLE} | Example", "", True),
        (f"{TITLE} and more", "", False),
        ("Another", "source: gov\n", True),
        ("Another", f"source: {GUIDANCE}\n", True),
        (TITLE, "source: nobody\n", False),
        ("Another", "url: http://example.org/guide\n", True),
        (TITLE, "url: https://elsewhere.example.org/copy\n", False),
        ("A blog", "", False),
        ("A blog", "source: blog\n", False),
    ],
)
def test_the_source_of_a_text_is_identified(
    home: Home, session: Session, folder: Path, tmp_path: Path, title: str, front: str, known: bool
) -> None:
    build(session, load(folder), built={})
    ingest(session, home, [article(tmp_path, SAYS, title=title, front=front)])
    assert (evidence(home)[FUNDED].kind == "quoted") is known


def test_background_is_never_quoted(home: Home, session: Session, tmp_path: Path) -> None:
    memory = {**NAMED, "sources.ttl": NAMED["sources.ttl"].replace('"official"', '"memory"')}
    build(session, load(write_folder(tmp_path / "data", memory)), built={})
    ingest(session, home, [article(tmp_path, SAYS, front="source: gov\n")])
    assert evidence(home)[FUNDED].kind == "background"


def test_our_own_notes_are_never_evidence(home: Home, session: Session, tmp_path: Path) -> None:
    """A note may have the source's title and the very words of its claims: the fact stays cited."""
    note = NOTE.replace(
        "title: Creative Scale-Up in brief", f"title: {TITLE}\nsource: gov\nurl: http://example.org/guide"
    )
    changed = note.partition("Creative Scale-Up was")[0] + SAYS + "\n"
    build(session, load(write_folder(tmp_path / "data", {**NAMED, "texts/scale-up.md": changed})), built={})
    item = evidence(home)[FUNDED]
    assert (item.kind, item.quote, item.source.has_text) == ("cited", None, False)


def test_words_that_are_not_in_the_passage_are_no_quote(home: Home, session: Session, folder: Path) -> None:
    build(session, load(folder), built={})
    snapshot = Snapshot.open(home.require())
    (passage, *_) = snapshot.passages(next(snapshot.documents()).iri)
    claim = next(claims_in(snapshot.store, ox.NamedNode(GUIDANCE)))

    def with_quote(text: str, start: int, end: int) -> Evidence:
        parts = {"quote": text, "quotedIn": passage.iri, "quoteStart": str(start), "quoteEnd": str(end)}
        ca = "https://w3id.org/creative-atlas/ontology#"
        details = tuple((f"{ca}{name}", ox.Literal(value)) for name, value in parts.items())
        return evidence_of(snapshot, Claim(claim.iri, claim.graph, *claim.triple, (*claim.details, *details)))

    words = passage.text[5:20]
    assert with_quote(words, 5, 20).kind == "quoted"
    assert with_quote(words, 6, 21).kind == "cited"
    assert with_quote("these words are not there", 0, 25).kind == "cited"


def test_the_article_of_the_starter(starter_copy: Home, shared: Path) -> None:
    with Writer(starter_copy, NoIndex()).session() as session:
        ingest(session, starter_copy, [shared / "input" / "creative-microclusters-article.txt"])
    snapshot = Snapshot.open(starter_copy.require())
    seed = ox.NamedNode(f"{ID}source/seed")
    claims = {
        (c.subject.value[len(ID) :], _end(c.predicate), _end(c.object)): c for c in claims_in(snapshot.store, seed)
    }
    items = {key: evidence_of(snapshot, claim) for key, claim in claims.items()}
    council = items["person/marta-foresti", "ontology#chairOf", "global-creative-economy-council"]
    assert (council.kind, council.status, council.source.reliability) == ("quoted", "accepted", "low")
    assert "under the leadership of Marta Foresti" in (council.quote or "")
    assert "'leadership', not 'chair'" in (council.note or "")
    radar = items["report/creative-radar-2020", "publisher", "nesta"]
    assert (radar.kind, radar.status) == ("quoted", "proposed")
    assert "a comprehensive study by Nesta" in (radar.quote or "")
    figures = [e.quote for key, e in items.items() if key[1:] == ("ontology#value", "709")]
    assert len(figures) == 1
    assert "a total of 709 such creative microclusters" in (figures[0] or "")
    # In that sentence the sector plan covers the themes, not the PEC at its beginning.
    assert {e.kind for key, e in items.items() if key[1] == "ontology#worksOn"} == {"cited"}
    for item in items.values():
        passage = snapshot.passage(item.passage) if item.passage else None
        assert (item.kind == "quoted") == (passage is not None)
        assert passage is None or (item.quote or "") in passage.text


@pytest.mark.parametrize(
    ("text", "value", "unit", "expected"),
    [
        ("a total of 709 such", "709", "count", "709"),
        ("some 1,709 such", "709", "count", None),
        ("it was 709.5 then", "709", "count", None),
        ("709% more", "709", "count", None),
        ("over 2,400,000 jobs", "2400000", "jobs", "2,400,000"),
        ("some 2.4 million jobs", "2400000", "jobs", "2.4 million"),
        ("2.4 million jobs", "2.4", "jobs", None),
        ("worth £4m a year", "4000000", "GBP", "£4m"),
        ("worth £39.3 million", "39.3", "GBP million", "£39.3 million"),
        ("worth £124bn", "124", "GBP billion", "£124bn"),
        ("4 million people", "4000000", "GBP", None),
        ("by 5.60 per cent", "5.6", "percent", None),
        ("by 5.6 per cent", "5.60", "percent", "5.6 per cent"),
        ("by 15.6%", "5.6", "percent", None),
        ("text", "no number", "count", None),
    ],
)
def test_numbers_as_they_are_written(text: str, value: str, unit: str, expected: str | None) -> None:
    span = find_number(text, value, unit)
    assert (text[slice(*span)] if span else None) == expected


@given(st.integers(min_value=0, max_value=10**15), st.sampled_from(["count", "jobs", "GBP", "percent"]))
def test_every_whole_number_is_found_as_it_is_written(number: int, unit: str) -> None:
    for written in (f"{number}", f"{number:,}"):
        shown = {"GBP": f"£{written}", "percent": f"{written}%"}.get(unit, written)
        text = f"There were {shown} of them."
        span = find_number(text, str(number), unit)
        assert span is not None
        assert text[slice(*span)] == shown


@given(st.text(max_size=60))
def test_equal_addresses_are_normalised_alike(text: str) -> None:
    assert isinstance(address(text), str)
    assert address("https://www.example.org/a/#b") == address("http://EXAMPLE.org/a")


def test_a_title_that_several_sources_share_identifies_none(home: Home, session: Session, tmp_path: Path) -> None:
    twice = {**NAMED, "sources.ttl": NAMED["sources.ttl"].replace('"A blog"', f'"{TITLE}"')}
    build(session, load(write_folder(tmp_path / "data", twice)), built={})
    sources = Sources(Snapshot.open(home.require()))
    assert sources.of(Document("urn:d", "d", TITLE, "c", "text", ""), {}) is None
