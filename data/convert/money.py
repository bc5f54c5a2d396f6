"""Conversion of amounts: schema:MonetaryAmount individuals with value, currency and kind, beside the wording."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from data.convert.names import Names
from data.convert.output import Claim, Output
from data.convert.read import Record, table
from data.convert.turtle import iri, number, text
from graph.iri import slugify

__all__ = ["amounts", "by_record"]

_FILE = "entities/amounts.ttl"


def by_record() -> dict[str, list[Record]]:
    """Record id → its rows of amounts.toml."""
    rows: dict[str, list[Record]] = defaultdict(list)
    for row in table("amounts")["amount"]:
        rows[row["record"]].append(row)
    return rows


def amounts(record: Record, rows: Iterable[Record], names: Names, out: Output) -> None:
    """Write one individual for each amount in the record's wording, and the claim that links it to its subject."""
    for index, row in enumerate(rows, start=1):
        label = f"{names.labels[record['subject']]}: {row['words']}"
        subject = iri(f"amount/{slugify(label.replace('£', '').replace('.', '-'))}")
        pairs = [
            ("a", "schema:MonetaryAmount"),
            ("rdfs:label", text(label)),
            ("schema:value", number(row["value"])),
            ("schema:currency", text("GBP")),
            ("ca:amountKind", iri(f"amount-kind/{row['kind']}")),
            ("ca:record", text(record["id"])),
        ]
        if "qualifier" in row:
            pairs.append(("ca:qualifier", text(row["qualifier"])))
        if "as_of" in row:
            pairs.append(("ca:asOf", text(row["as_of"])))
        if "recipient" in row:
            pairs.append(("ca:allocatedTo", names.iri(row["recipient"])))
        out.open(_FILE, subject)
        out.add(_FILE, subject, *pairs)
        out.sources(_FILE, subject, record["source"])
        claim = Claim(
            record["id"],
            names.iri(record["subject"]),
            "ca:hasAmount",
            obj=subject,
            sources=tuple(record["source"]),
            part=f"amount {index}",
            notes=("the sum inside the wording",),
            confidence=record["confidence"],
            as_of=row.get("as_of") or record["date"],
        )
        out.claim("funding", claim)
