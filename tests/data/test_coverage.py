"""Each subject that an analyst would look up has a policy note of its own: `about` in a note's front matter."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from graph.documents.markdown import front_matter
from tests.support.paths import ROOT

NOTES = ROOT / "data" / "texts"
MAIN_ORGANISATION = 5
"""Relations from which on an organisation counts as a main one: eighteen of 215 have as many."""

SHARED = {
    "prog:aotf-design": "a strand of which only the sum and the number of projects are known",
    "prog:aotf-iia": "a strand of which only the purpose is known",
    "prog:lif": "one sentence of one source, which names it with the museum fund",
    "prog:cdf-2": "one award is known of this round",
    "prog:cce": "one sentence of one source",
    "report:classifying-2013": "the other half of the Dynamic Mapping, a month later",
    "report:createch-rd": "a title on its author's page",
    "report:cluster-review": "a title on its author's page",
    "place:edinburgh-se-scotland": "known through its deal's data programme, of which the note is",
    "org:sussex-uni": "known by its research unit and its theme, of which the note is",
}
"""Subjects with too few facts for 150 honest words: a note on a nearer subject treats them, named second in `about`."""

DEBATES = {
    "access to finance outside the South East": "access-to-finance-outside-the-south-east.md",
    "the equity gap": "the-equity-gap.md",
    "skills": "skills-jobs-and-education.md",
    "R&D tax definitions": "r-and-d-tax-definitions.md",
    "AI and copyright": "ai-and-copyright.md",
    "co-location": "co-location-with-priority-sectors.md",
    "trade": "trade-in-creative-goods-and-services.md",
}


def records(folder: Path, name: str) -> Iterable[dict[str, Any]]:
    return (json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())


@pytest.fixture(scope="module")
def subjects() -> dict[str, list[str]]:
    """What each note is about, the first being what it is mainly about."""
    return {
        path.name: list(front_matter(path.read_text(encoding="utf-8"))[0].get("about", []))
        for path in sorted(NOTES.glob("*.md"))
    }


@pytest.fixture(scope="module")
def wanted(facts_folder: Path) -> dict[str, set[str]]:
    """By kind, the subjects that need a note: all of a kind, and the organisations with the most relations."""
    groups: dict[str, set[str]] = defaultdict(set)
    for entity in records(facts_folder, "entities"):
        kind = entity["id"].split(":")[0]
        if kind in ("prog", "cluster", "report", "theme", "subsector"):
            groups[kind].add(entity["id"])
        elif entity.get("subtype") in ("combined_authority_area", "city_region"):
            groups["city region"].add(entity["id"])
    ends: Counter[str] = Counter()
    for relation in records(facts_folder, "relations"):
        ends[relation["subject"]] += 1
        ends[relation["object"]] += not relation["object_is_literal"]
    groups["organisation"] = {
        key for key, count in ends.items() if key.startswith("org:") and count >= MAIN_ORGANISATION
    }
    return groups


def test_what_needs_a_note_is_what_the_fact_base_has(wanted: dict[str, set[str]]) -> None:
    counts = {kind: len(found) for kind, found in wanted.items()}
    assert counts == {
        "prog": 48,
        "cluster": 11,
        "report": 41,
        "theme": 14,
        "subsector": 9,
        "city region": 9,
        "organisation": 18,
    }


@pytest.mark.parametrize("kind", ["prog", "cluster", "report", "theme", "subsector", "city region", "organisation"])
def test_each_subject_has_a_note_of_its_own(
    kind: str, wanted: dict[str, set[str]], subjects: dict[str, list[str]]
) -> None:
    mainly = {about[0] for about in subjects.values() if about}
    assert sorted(wanted[kind] - mainly - set(SHARED)) == []


def test_what_shares_a_note_is_named_in_it_and_has_none_of_its_own(subjects: dict[str, list[str]]) -> None:
    mainly = {about[0] for about in subjects.values() if about}
    also = {subject for about in subjects.values() for subject in about[1:]}
    assert set(SHARED) <= also
    assert not set(SHARED) & mainly
    assert all(len(about) <= 3 for about in subjects.values())


def test_notes_are_about_what_the_fact_base_describes(facts_folder: Path, subjects: dict[str, list[str]]) -> None:
    known = {entity["id"] for entity in records(facts_folder, "entities")}
    assert {subject for about in subjects.values() for subject in about} <= known


def test_a_note_speaks_of_what_it_is_about(facts_folder: Path, subjects: dict[str, list[str]]) -> None:
    """A name of each of its subjects stands in the note, or half of the long words of one."""
    names = {
        entity["id"]: [entity["label"], *(entity.get("altLabels") or [])]
        for entity in records(facts_folder, "entities")
    }
    for note, about in subjects.items():
        text = (NOTES / note).read_text(encoding="utf-8").split("---\n", 2)[2].lower()
        for subject in about:
            words = [re.findall(r"\w{4,}", name.lower()) for name in names[subject]]
            shares = [sum(word in text for word in found) / len(found) for found in words if found]
            named = any(name.lower() in text for name in names[subject])
            assert named or max(shares, default=0) >= 0.5, (note, subject)


def test_each_debate_has_its_note(subjects: dict[str, list[str]]) -> None:
    assert set(DEBATES.values()) <= set(subjects)
