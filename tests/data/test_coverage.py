"""Each subject that an analyst would look up has a policy note of its own, by `about` in the front matter."""

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
MIN_RELATIONS_OF_A_MAIN_ORGANISATION = 5
"""Minimum number of relations of an organisation that needs a note: 18 of 215 have it."""

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
    """File of a note → its subjects, the main one first."""
    return {
        path.name: list(front_matter(path.read_text(encoding="utf-8"))[0].get("about", []))
        for path in sorted(NOTES.glob("*.md"))
    }


@pytest.fixture(scope="module")
def wanted(facts_folder: Path) -> dict[str, set[str]]:
    """Kind → the subjects that need a note: all of that kind, or the organisations with most relations."""
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
        key for key, count in ends.items() if key.startswith("org:") and count >= MIN_RELATIONS_OF_A_MAIN_ORGANISATION
    }
    return groups


def test_number_of_subjects_that_need_a_note(wanted: dict[str, set[str]]) -> None:
    counts = {kind: len(members) for kind, members in wanted.items()}
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


def test_subjects_that_share_a_note_have_none_of_their_own(subjects: dict[str, list[str]]) -> None:
    mainly = {about[0] for about in subjects.values() if about}
    also = {subject for about in subjects.values() for subject in about[1:]}
    assert set(SHARED) <= also
    assert not set(SHARED) & mainly
    assert all(len(about) <= 3 for about in subjects.values())


def test_the_fact_base_describes_the_subjects_of_notes(facts_folder: Path, subjects: dict[str, list[str]]) -> None:
    known = {entity["id"] for entity in records(facts_folder, "entities")}
    assert {subject for about in subjects.values() for subject in about} <= known


def test_a_note_names_its_subjects(facts_folder: Path, subjects: dict[str, list[str]]) -> None:
    """The note has a name of each of its subjects, or half of the long words of one."""
    names = {
        entity["id"]: [entity["label"], *(entity.get("altLabels") or [])]
        for entity in records(facts_folder, "entities")
    }
    for note, about in subjects.items():
        text = (NOTES / note).read_text(encoding="utf-8").split("---\n", 2)[2].lower()
        for subject in about:
            words = [re.findall(r"\w{4,}", name.lower()) for name in names[subject]]
            shares = [sum(word in text for word in name_words) / len(name_words) for name_words in words if name_words]
            named = any(name.lower() in text for name in names[subject])
            assert named or max(shares, default=0) >= 0.5, (note, subject)


def test_each_debate_has_its_note(subjects: dict[str, list[str]]) -> None:
    assert set(DEBATES.values()) <= set(subjects)
