"""Conversion of relations: each becomes one claim, or several where it also tells of an office, a date or a sum."""

from __future__ import annotations

from dataclasses import replace

from data.convert import events, money, offices
from data.convert.names import Names
from data.convert.output import Claim, Output
from data.convert.read import FactBase, Record, table
from data.convert.status import Statuses
from data.convert.turtle import boolean, date, iri, text
from graph.iri import slugify

__all__ = ["convert", "rule_for"]

_FROM_MEMORY = "from background knowledge"


def convert(facts: FactBase, names: Names, statuses: Statuses, out: Output) -> None:
    rules, dates, sums = table("predicates")["rule"], table("dates")["record"], money.by_record()
    event_iris = events.by_record()
    for record in facts.relations:
        rule = rule_for(record, rules)
        claim = _claim(record, rule, names, statuses, event_iris)
        subject = out.claim(rule["file"], claim)
        if _dated_from_memory(record):
            years = replace(claim, valid_from=record.get("from"), valid_to=record.get("to"))
            out.claim(rule["file"], replace(years, sources=("memory",), part="dates", confidence="memory"))
        if claim.status == "accepted":
            if "role" in rule:
                offices.membership(record, rule["role"], names, out, _dated_from_memory(record))
            _bounds(record, rule, dates.get(record["id"], {}), names, out)
            money.amounts(record, sums.get(record["id"], ()), names, out)
        outcome = "mapped" if claim.status == "accepted" else "mapped, not asserted"
        out.account("relations.jsonl", record["id"], outcome, f"{subject} {rule['property']}", statuses.why(record))


def rule_for(record: Record, rules: list[Record]) -> Record:
    """The first rule that fits the record. Raises KeyError with the record's id where none does."""
    subject, obj = record["subject"].split(":")[0], str(record["object"]).split(":")[0]
    for rule in rules:
        if rule["predicate"] != record["predicate"]:
            continue
        if subject in rule.get("subjects", (subject,)) and obj in rule.get("objects", (obj,)):
            return rule
    raise KeyError(f"{record['id']}: no rule in predicates.toml for {record['predicate']!r} on {subject}")


def _claim(record: Record, rule: Record, names: Names, statuses: Statuses, event_iris: dict[str, str]) -> Claim:
    ends = names.iri(record["subject"]), _object(record, rule, names)
    subject, obj = reversed(ends) if rule.get("inverse") else ends
    if "event" in rule:
        subject, obj = event_iris[record["id"]], names.iri(record[rule["event"]])
    status = statuses.of(record)
    reason = statuses.why(record) if record["id"] in statuses.listed else ""
    return Claim(
        record["id"],
        subject,
        rule["property"],
        obj=obj,
        sources=tuple(record["source"]),
        status=status,
        notes=(rule.get("note", ""), record.get("note") or "", reason),
        confidence=record["confidence"],
        as_of=record["date"],
        valid_from=None if _dated_from_memory(record) else record.get("from"),
        valid_to=None if _dated_from_memory(record) else record.get("to"),
    )


def _object(record: Record, rule: Record, names: Names) -> str:
    value = record["object"]
    if "vocabulary" in rule:
        return iri(f"{rule['vocabulary']}/{slugify(value)}")
    if not record["object_is_literal"]:
        return names.iri(value)
    if rule["literal"] == "date":
        return date(value)
    if rule["literal"] == "boolean":
        return boolean(value == "true")
    return text(value)


def _dated_from_memory(record: Record) -> bool:
    """Whether only the office has sources, and its years are background knowledge, for a claim of their own."""
    return _FROM_MEMORY in (record.get("note") or "")


def _bounds(record: Record, rule: Record, given: Record, names: Names, out: Output) -> None:
    """Claims on the beginning and the end of a thing, where the record tells them beside its main statement."""
    bounds = dict(given)
    subject = record["subject"]
    if "starts" in rule and record.get("from"):
        bounds["start"] = record["from"]
        subject = record[rule["starts"]]
    for part, property_ in (("start", "schema:startDate"), ("end", "schema:endDate")):
        if part in bounds:
            note = f"from {record['predicate'].replace('_', ' ')}"
            claim = Claim(
                record["id"],
                names.iri(subject),
                property_,
                obj=date(bounds[part]),
                sources=tuple(record["source"]),
                part=part,
                notes=(note,),
                confidence=record["confidence"],
            )
            out.claim(rule["file"], claim)
