"""Conversion of events that relations imply: individuals with a place, a date and speakers."""

from __future__ import annotations

from data.convert.names import Names
from data.convert.output import Output
from data.convert.read import FactBase, table
from data.convert.turtle import date, iri, text

__all__ = ["by_record", "convert"]

_FILE = "entities/events.ttl"


def by_record() -> dict[str, str]:
    """Record id → IRI of the event that it tells of, as Turtle."""
    rows = table("events")["event"]
    return {name: iri(f"event/{row['slug']}") for row in rows for name in [*row["records"], *row["performers"]]}


def convert(facts: FactBase, names: Names, out: Output) -> None:
    relations = {record["id"]: record for record in facts.relations}
    for row in table("events")["event"]:
        subject = iri(f"event/{row['slug']}")
        pairs = [("a", "schema:Event"), ("rdfs:label", text(row["label"])), ("schema:about", names.iri(row["about"]))]
        if "location" in row:  # otherwise the relation that names the place does
            pairs.append(("schema:location", names.iri(row["location"])))
        for part, property_ in (("start", "schema:startDate"), ("end", "schema:endDate")):
            if part in row:
                pairs.append((property_, date(row[part])))
        out.add(_FILE, subject, *pairs)
        out.sources(_FILE, subject, [name for record in row["records"] for name in relations[record]["source"]])
