"""Conversion of sources: the pages, documents and datasets that the facts rest on."""

from __future__ import annotations

from data.convert.output import Output, source
from data.convert.read import FactBase, table
from data.convert.turtle import link, text

__all__ = ["convert"]


def convert(facts: FactBase, out: Output) -> None:
    settings = table("sources")
    for record in facts.sources:
        key, subject = record["id"], source(record["id"])
        pairs = [
            ("a", "ca:Source"),
            ("dcterms:identifier", text(key)),
            ("dcterms:title", text(settings["titles"].get(key, record["title"]))),
            ("ca:reliability", text(record["reliability"])),
        ]
        if record["publisher"] and record["publisher"] != "none":
            pairs.append(("dcterms:publisher", text(record["publisher"])))
        if record["date"]:
            pairs.append(("dcterms:issued", text(record["date"])))
        if record["url"]:
            pairs.append(("schema:url", link(record["url"])))
        if key in settings["licences"]:
            pairs.append(("dcterms:license", link(settings["licences"][key])))
        out.add("sources.ttl", subject, *pairs)
        why = "used_by is a count and can be queried" if record.get("used_by") else ""
        out.account("sources.jsonl", key, "mapped", subject, why)
