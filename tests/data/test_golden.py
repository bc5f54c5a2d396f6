"""Golden questions and relevance cases: complete, resolvable, and not solved by words alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pyoxigraph as ox
import tantivy

from graph.vocabulary import expand
from tests.support.paths import ROOT

DATA = ROOT / "data"
KINDS = {"single", "list", "multi-hop", "count", "comparison", "date", "yes-no", "unanswerable"}


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / "golden" / name).read_text(encoding="utf-8").splitlines()]


def test_questions_are_of_every_kind_and_answered_by_described_things(atlas: ox.Store) -> None:
    questions = lines("questions.jsonl")
    assert len(questions) >= 100
    counts = Counter(row["kind"] for row in questions)
    assert set(counts) == KINDS
    assert min(counts.values()) >= 10
    assert len({row["question"] for row in questions}) == len({row["id"] for row in questions}) == len(questions)
    type_, label = ox.NamedNode(expand("rdf:type")), ox.NamedNode(expand("rdfs:label"))
    for row in questions:
        assert bool(row["answers"]) == (row["kind"] != "unanswerable"), row["id"]
        for iri in row["gold"]:
            assert any(atlas.quads_for_pattern(ox.NamedNode(iri), type_, None, ox.DefaultGraph())), iri
            names = {q.object.value for q in atlas.quads_for_pattern(ox.NamedNode(iri), label, None, ox.DefaultGraph())}  # type: ignore[union-attr]
            assert names & set(row["answers"]), (row["id"], iri)


def test_relevance_cases_name_notes_that_exist() -> None:
    cases = lines("relevance.jsonl")
    assert len(cases) >= 60
    notes = {path.name for path in (DATA / "texts").glob("*.md")}
    for case in cases:
        named = {*case["must"], *case["must_not"], *(name for pair in case["before"] for name in pair)}
        assert case["must"] and named <= notes, case["id"]
        assert len(case["must"]) <= case["within"]
        assert not set(case["must"]) & set(case["must_not"])


def test_words_alone_solve_four_cases_in_five_at_most() -> None:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    builder.add_text_field("text", tokenizer_name="en_stem")
    index = tantivy.Index(builder.build())
    writer = index.writer(heap_size=15_000_000, num_threads=1)
    for path in sorted((DATA / "texts").glob("*.md")):
        writer.add_document(tantivy.Document(id=path.name, text=path.read_text(encoding="utf-8").split("---\n", 2)[2]))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    cases = lines("relevance.jsonl")
    solved = 0
    for case in cases:
        query = index.parse_query(re.sub(r"[^\w\s]", " ", case["query"]), ["text"])
        ranked = [searcher.doc(address)["id"][0] for _, address in searcher.search(query, 1000).hits]
        first = ranked[: case["within"]]
        place = {name: position for position, name in enumerate(ranked)}
        ordered = all(
            place.get(earlier, len(ranked)) < place.get(later, len(ranked)) for earlier, later in case["before"]
        )
        solved += set(case["must"]) <= set(first) and not set(case["must_not"]) & set(first) and ordered
    assert 0.5 <= solved / len(cases) <= 0.8, f"{solved} of {len(cases)}"
