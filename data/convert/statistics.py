"""Conversion of statistics: one observation each, with value, unit, qualifier, year, place, indicator and release."""

from __future__ import annotations

import re
from collections import Counter

from data.convert.names import Names
from data.convert.output import Output
from data.convert.read import FactBase, Record, table
from data.convert.status import Statuses
from data.convert.turtle import date, iri, number, text
from graph.iri import slugify

__all__ = ["convert", "labels"]

_FILE = "statistics.ttl"
_QUALIFIED = re.compile(r"^(.*?) \((.*)\)$")
_TARGET = re.compile(r"^(.*) by (\d{4})$")
_UK = "place:united-kingdom"


def convert(facts: FactBase, names: Names, statuses: Statuses, out: Output) -> None:
    releases = table("sources")["releases"]
    indicators: dict[str, set[str]] = {}
    for record, label in labels(facts, names):
        if statuses.of(record) != "accepted":
            into = "disagreements and a proposed claim"
            out.account("statistics.jsonl", record["id"], "mapped, not asserted", into, statuses.why(record))
            continue
        subject = iri(f"statistic/{_slug(record, label)}")
        out.open(_FILE, subject)
        out.add(_FILE, subject, *_observation(record, label, releases, names))
        out.sources(_FILE, subject, record["source"])
        indicators.setdefault(record["indicator"], set()).update(record["source"])
        out.account("statistics.jsonl", record["id"], "mapped", subject)
    for name, sources in indicators.items():
        subject = iri(f"indicator/{slugify(name)}")
        out.add("entities/indicators.ttl", subject, ("a", "ca:Indicator"), ("a", "skos:Concept"))
        out.add("entities/indicators.ttl", subject, ("rdfs:label", text(name)))
        out.add("entities/indicators.ttl", subject, ("skos:inScheme", iri("scheme/indicators")))
        out.sources("entities/indicators.ttl", subject, sources)


def labels(facts: FactBase, names: Names) -> list[tuple[Record, str]]:
    """Records with labels: indicator, sub-sector, place, year, and the publisher where two labels would be equal."""
    publishers = {record["id"]: record["publisher"] for record in facts.sources}
    plain = [_label(record, names) for record in facts.statistics]
    counts = Counter(plain)
    return [
        (record, label if counts[label] == 1 else f"{label} ({publishers[record['source'][0]]})")
        for record, label in zip(facts.statistics, plain, strict=True)
    ]


def _label(record: Record, names: Names) -> str:
    about = record.get("about") or ""
    special = f": {names.labels[about]}" if about.startswith("subsector:") else ""
    place = "UK" if record["place"] == _UK else names.labels[record["place"]]
    return f"{record['indicator']}{special}, {place}, {record['year']}"


def _slug(record: Record, label: str) -> str:
    """Slug of the label; a long indicator is cut, so that place, year and publisher stay in it."""
    indicator, rest = slugify(record["indicator"]), slugify(label.removeprefix(record["indicator"]))
    return f"{indicator[:60].rstrip('-')}-{rest}"


def _observation(record: Record, label: str, releases: Record, names: Names) -> list[tuple[str, str]]:
    unit, qualifier, target = _unit(record["unit"])
    value = record["value"]
    pairs = [
        ("a", "ca:Statistic"),
        ("a", "qb:Observation"),
        ("rdfs:label", text(label)),
        ("dcterms:identifier", text(record["id"])),
        ("ca:indicator", iri(f"indicator/{slugify(record['indicator'])}")),
        ("ca:value", number(int(value) if value == int(value) else value)),
        ("ca:unit", text(unit)),
        ("ca:year", date(str(record["year"]))),
        ("schema:spatialCoverage", names.iri(record["place"])),
    ]
    if qualifier:
        pairs.append(("ca:qualifier", text(qualifier)))
    if target:
        pairs.append(("ca:targetYear", date(target)))
    if record.get("about"):
        pairs.append(("schema:about", names.iri(record["about"])))
    if record.get("note"):
        pairs.append(("skos:note", text(record["note"])))
    release = next((releases[name] for name in record["source"] if name in releases), None)
    if release:
        pairs.append(("ca:release", text(release)))
    return pairs


def _unit(given: str) -> tuple[str, str | None, str | None]:
    """Unit, qualifier ("over", "about", "current prices") and target year, as the given unit contains them."""
    qualified = _QUALIFIED.match(given)
    unit, qualifier = (qualified.group(1), qualified.group(2)) if qualified else (given, None)
    target = _TARGET.match(unit)
    return (target.group(1), qualifier, target.group(2)) if target else (unit, qualifier, None)
