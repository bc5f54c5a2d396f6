"""Conversion of disagreements: each conflict with its positions, and the claims that only these make."""

from __future__ import annotations

from data.convert.names import Names
from data.convert.output import Claim, Output, source
from data.convert.read import FactBase, Record, table
from data.convert.turtle import boolean, iri, text

__all__ = ["convert"]

_FILE = "disagreements.ttl"


def convert(facts: FactBase, names: Names, out: Output) -> None:
    rows = {row["id"]: row for row in table("disagreements")["disagreement"]}
    for record in facts.conflicts:
        row = rows[record["id"]]
        subject = iri(f"disagreement/{row['slug']}")
        out.add(
            _FILE,
            subject,
            ("a", "ca:Disagreement"),
            ("rdfs:label", text(row["label"])),
            ("dcterms:identifier", text(row["id"])),
            ("ca:disagreementKind", text(row["kind"])),
            ("ca:judgement", text(row["judgement"])),
            *(("ca:about", names.iri(key)) for key in row["about"]),
        )
        for position in row["position"]:
            _position(row, position, subject, names, out)
        out.account("conflicts.jsonl", record["id"], "mapped", subject, row["kind"])


def _position(row: Record, position: Record, subject: str, names: Names, out: Output) -> None:
    node = f"{subject[:-1]}/{position['slug']}>"
    out.add(_FILE, subject, ("ca:position", node))
    out.add(
        _FILE,
        node,
        ("a", "ca:Position"),
        ("schema:text", text(position["says"])),
        ("ca:preferred", boolean(position["preferred"])),
        *(("ca:claimRecord", text(name)) for name in position.get("records", ())),
        *(("dcterms:source", source(name)) for name in position["sources"]),
    )
    if "claim" not in position:
        return
    about, property_, value = position["claim"]
    record = f"{row['id']}#{position['slug']}"
    claim = Claim(
        record,
        names.iri(about),
        property_,
        obj=text(value),
        sources=tuple(position["sources"]),
        status=position["status"],
        notes=(f"from {row['id']}: {row['judgement']}",),
        as_of=position.get("as_of"),
    )
    out.claim("disagreements", claim)
    out.add(_FILE, node, ("ca:claimRecord", text(record)))
