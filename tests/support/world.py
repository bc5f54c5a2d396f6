"""Real content for the page tests: a few facts of the fact base, in its record format, and two documents.

`hostile()` adds an entity, a source and a document whose every text attacks the page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["HOSTILE", "HOSTILE_LABEL", "Records", "hostile", "shared", "small"]

Record = dict[str, Any]

HOSTILE = "org:hostile"
HOSTILE_LABEL = (
    "<script>window.hit=1</script>\"><img src=x onerror='window.hit=1'>{{7*7}}\u202egnp.exe\u2066 "
    + "javascript:alert(1) "
    + "x" * 10_000
)


@dataclass(frozen=True, slots=True)
class Records:
    """`documents` are (title, publisher, date, source id, paragraphs)."""

    entities: tuple[Record, ...]
    relations: tuple[Record, ...]
    sources: tuple[Record, ...]
    conflicts: tuple[Record, ...]
    documents: tuple[tuple[str, str, str, str, tuple[str, ...]], ...]


def _entity(identifier: str, kind: str, label: str, description: str = "", **more: object) -> Record:
    return {"id": identifier, "type": kind, "label": label, "description": description, "altLabels": [], **more}


def _relation(subject: str, predicate: str, obj: str, *sources: str, **more: object) -> Record:
    literal = ":" not in obj or " " in obj
    made = {"subject": subject, "predicate": predicate, "object": obj, "object_is_literal": literal}
    return {**made, "source": list(sources), **more}


_SOURCES = (
    {"id": "gtr_ing", "title": "InGAME grant", "publisher": "UKRI Gateway to Research", "date": "2018",
     "url": "https://gtr.ukri.org/projects?ref=AH%2FS002871%2F1", "reliability": "official"},
    {"id": "cdundee", "title": "InGAME partners announced", "publisher": "Creative Dundee", "date": "2018-11",
     "url": "https://creativedundee.com/ingame", "reliability": "secondary"},
    {"id": "courier", "title": "Games hub adds £84.7m", "publisher": "The Courier", "date": "2023-07-14",
     "url": "https://www.thecourier.co.uk/ingame", "reliability": "press"},
    {"id": "gh_ing", "title": "Profile page", "publisher": "GitHub", "date": None,
     "url": "https://github.com/ingame", "reliability": "low"},
    {"id": "memory", "title": "(background)", "publisher": "none", "date": None, "url": None, "reliability": "memory"},
)  # fmt: skip

_PARTNERS = (
    "BBC", "4J Studios", "Beano Studios", "Biome Collective", "Creative Dundee", "Creative Scotland", "deltaDNA",
    "Interface", "Microsoft", "Outplay Entertainment", "TIGA", "Ukie", "V&A Dundee",
)  # fmt: skip

_ENTITIES = (
    _entity("cluster:ingame", "R&D cluster", "InGAME", "Dundee video-games R&D cluster, 2018 to 2024.",
            altLabels=["Innovation for Games and Media Enterprise"], lat=56.46, lon=-2.97),
    _entity("prog:cicp", "Programme", "Creative Industries Clusters Programme", "Nine R&D clusters and the PEC."),
    _entity("org:ahrc", "Organisation", "Arts and Humanities Research Council", "Research council.",
            altLabels=["AHRC"]),
    _entity("org:abertay-uni", "Organisation", "Abertay University", "University in Dundee."),
    _entity("org:nesta", "Organisation", "Nesta", "UK innovation agency for social good."),
    _entity("person:sean-taylor", "Person", "Sean Taylor", "Director of InGAME."),
    _entity("place:dundee", "Place", "Dundee", "City in Scotland.", lat=56.462, lon=-2.97),
    _entity("place:caerdydd", "Place", "Caerdydd", "Ŵy, ŷd: the Welsh capital.", lat=51.48, lon=-3.18),
    _entity("theme:skills", "Theme", "Skills"),
    _entity("statistic:ingame-gva", "statistic", "InGAME expected GVA, UK, 2023", detail="£84.7 million, forecast"),
    *(_entity(f"org:{name.lower().replace(' ', '-')}", "Organisation", name) for name in _PARTNERS),
)  # fmt: skip

_RELATIONS = (
    _relation("cluster:ingame", "part of", "prog:cicp", "gtr_ing", "cdundee", **{"from": "2018"}),
    _relation("cluster:ingame", "led by", "org:abertay-uni", "gtr_ing", "cdundee"),
    _relation("cluster:ingame", "funded by", "org:ahrc", "gtr_ing", **{"from": "2018", "to": "2024"}),
    _relation("cluster:ingame", "located in", "place:dundee", "courier"),
    _relation("cluster:ingame", "statistic", "statistic:ingame-gva", "courier"),
    _relation("cluster:ingame", "grant reference", "AH/S002871/1", "gtr_ing"),
    _relation("cluster:ingame", "budget", "£9 million centre (2018)", "cdundee", note="As announced."),
    _relation("person:sean-taylor", "director of", "cluster:ingame", "courier", date="2023-07"),
    _relation("org:abertay-uni", "located in", "place:dundee", "memory"),
    _relation("org:nesta", "partner", "cluster:ingame", "gh_ing"),
    *(_relation("cluster:ingame", "partner", f"org:{name.lower().replace(' ', '-')}", "cdundee") for name in _PARTNERS),
)

_CONFLICTS = (
    {"id": "conflict:08", "topic": "InGAME money", "about": ["cluster:ingame"],
     "claims": [{"claim": "£9m centre, 2018", "source": ["cdundee"]},
                {"claim": "£11.5m project, 2023", "source": ["courier"]},
                {"claim": "£11.5m industry co-investment", "source": ["gh_ing"]}],
     "preferred": "Unresolved: keep with dates."},
)  # fmt: skip

_DOCUMENTS = (
    (
        "InGAME and the Dundee games cluster", "Creative Dundee", "2018-11-20", "cdundee",
        (
            "# Who leads it",
            "InGAME is led by Abertay University in Dundee. The Arts and Humanities Research Council funds it 💷 "
            "with £9 million from 2018.",
            "Sean Taylor became director of InGAME. Partners include the BBC, Microsoft and V&A Dundee.",
            "# What it is for",
            "The cluster gives games studios access to finance, to skills and to research. Small firms in Dundee "
            "said that access to finance was their first concern.",
        ),
    ),
    (
        "Small engines of growth", "Nesta", "2020-11", "gtr_ing",
        (
            "Creative microclusters are small communities of creative businesses. Access to finance differs between "
            "places.",
            "Nesta and AHRC supported the study.",
        ),
    ),
)  # fmt: skip


def small() -> Records:
    return Records(_ENTITIES, _RELATIONS, _SOURCES, _CONFLICTS, _DOCUMENTS)


def hostile() -> Records:
    bad = HOSTILE_LABEL
    base = small()
    return Records(
        (*base.entities, _entity(HOSTILE, bad[:40], bad, bad, altLabels=[bad])),
        (
            *base.relations,
            _relation(HOSTILE, bad[:60], bad, "bad", note=bad),
            _relation(HOSTILE, "partner", "cluster:ingame", "bad"),
        ),
        (*base.sources, {"id": "bad", "title": bad, "publisher": bad, "date": bad[:30], "url": "javascript:alert(1)",
                         "reliability": "low"}),
        (*base.conflicts, {"id": "conflict:bad", "topic": bad, "about": [HOSTILE],
                           "claims": [{"claim": bad, "source": ["bad"]}] * 6, "preferred": bad}),
        (*base.documents, (bad, bad, bad[:30], "bad", (f"# {bad}", bad, "InGAME " + bad))),
    )  # fmt: skip


def shared(folder: Path) -> Records:
    """The whole fact base, read from its folder."""

    def lines(name: str) -> tuple[Record, ...]:
        return tuple(json.loads(line) for line in (folder / name).read_text("utf-8").splitlines() if line.strip())

    return Records(
        lines("entities.jsonl"), lines("relations.jsonl"), lines("sources.jsonl"), lines("conflicts.jsonl"), _DOCUMENTS
    )
