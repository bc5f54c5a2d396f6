"""Policy notes: their sources exist, their figures are in the fact base, no two are alike."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from graph.documents.markdown import front_matter
from graph.seed_data.load import Starter
from graph.vocabulary import expand
from tests.support.paths import ROOT

NOTES = sorted((ROOT / "data" / "texts").glob("*.md"))
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
FILES = ("entities", "relations", "statistics", "sources", "conflicts")


def numbers(text: str) -> set[str]:
    """Numbers without thousands separators and leading zeros, so that 7 September matches 2018-09-07."""
    return {match.group().rstrip(",").replace(",", "").lstrip("0") for match in NUMBER.finditer(text)}


def rounded(value: float) -> str:
    """Forms in which a note may quote a figure: rounded, a share as a percentage, millions as billions."""
    forms = (value, round(value), round(value, 1), round(value, 2), round(100 * value, 1))
    return " ".join(f"{form:.10g}" for form in (*forms, round(value / 1000, 1), round(value / 1000, 2)))


def read(path: Path) -> tuple[dict[str, Any], str]:
    fields, body = front_matter(path.read_text(encoding="utf-8"))
    return dict(fields), body


@pytest.fixture(scope="module")
def figures(facts_folder: Path) -> dict[str, set[str]]:
    """Source → the figures that it gives anywhere in the fact base."""
    by_source: dict[str, set[str]] = defaultdict(set)
    for name in FILES:
        for line in (facts_folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            plain = {key: value for key, value in record.items() if key not in ("source", "confidence", "lat", "lon")}
            text = json.dumps(plain, ensure_ascii=False).replace("-", " ")
            text += f" {rounded(record['value'])}" if name == "statistics" else ""
            sources = record.get("source") or [record["id"]]
            if name == "conflicts":
                sources = [source for claim in record["claims"] for source in claim["source"]]
            for source in sources:
                by_source[source] |= numbers(text)
    return by_source


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_a_note_has_figures_of_its_sources_only(path: Path, figures: dict[str, set[str]]) -> None:
    fields, body = read(path)
    source_figures = set().union(*(figures[source] for source in fields["sources"]))
    assert numbers(body) - numbers(fields["title"]) <= source_figures, sorted(numbers(body) - source_figures)


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_a_note_is_complete(path: Path, starter: Starter, atlas: ox.Store) -> None:
    fields, body = read(path)
    assert fields["publisher"] == "Creative Atlas notes"
    assert fields["kind"] == "briefing"
    assert 150 <= len(body.split()) <= 500
    identifiers = {q.object.value for q in starter.facts if q.predicate.value == expand("dcterms:identifier")}  # type: ignore[union-attr]
    assert fields["sources"]
    assert set(fields["sources"]) <= identifiers
    label = ox.NamedNode(expand("rdfs:label"))
    for name in [*fields["themes"], *fields["places"]]:
        assert any(atlas.quads_for_pattern(None, label, ox.Literal(name), ox.DefaultGraph())), name


def test_no_two_notes_are_alike() -> None:
    shingles: dict[str, set[tuple[str, ...]]] = {}
    for path in NOTES:
        words = re.findall(r"[\w£.]+", read(path)[1].lower())
        shingles[path.stem] = {tuple(words[i : i + 6]) for i in range(len(words) - 5)}
    for one, other in combinations(sorted(shingles), 2):
        shared = len(shingles[one] & shingles[other])
        assert shared / min(len(shingles[one]), len(shingles[other])) < 0.15, (one, other)


def test_the_notes_make_no_claims(starter: Starter) -> None:
    """Notes are no evidence: no source of a claim is published by the atlas itself."""
    own = {q.subject for q in starter.facts if getattr(q.object, "value", "") == "Creative Atlas notes"}
    assert not [q for q in starter.claims if q.graph_name in own]
