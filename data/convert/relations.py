"""Relations: each becomes one claim, and where it tells more (an office, a beginning, a sum) a few."""

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
    told = events.by_record()
    for record in facts.relations:
        rule = rule_for(record, rules)
        claim = _claim(record, rule, names, statuses, told)
        made = out.claim(rule["file"], claim)
        if _dated_from_memory(record):
            years = replace(claim, valid_from=record.get("from"), valid_to=record.get("to"))
            out.claim(rule["file"], replace(years, sources=("memory",), part="dates", confidence="memory"))
        if claim.status == "accepted":
            if "role" in rule:
                offices.membership(record, rule["role"], names, out, _dated_from_memory(record))
            _bounds(record, rule, dates.get(record["id"], {}), names, out)
            money.amounts(record, sums.get(record["id"], ()), names, out)
        outcome = "mapped" if claim.status == "accepted" else "mapped, not asserted"
        out.account("relations.jsonl", record["id"], outcome, f"{made} {rule['property']}", statuses.why(record))


def rule_for(record: Record, rules: list[Record]) -> Record:
    """The first rule that fits. Raises KeyError, naming the record, where none does."""
    subject, obj = record["subject"].split(":")[0], str(record["object"]).split(":")[0]
    for rule in rules:
        if rule["predicate"] != record["predicate"]:
            continue
        if subject in rule.get("subjects", (subject,)) and obj in rule.get("objects", (obj,)):
            return rule
    raise KeyError(f"{record['id']}: no rule in predicates.toml for {record['predicate']!r} on {subject}")


def _claim(record: Record, rule: Record, names: Names, statuses: Statuses, told: dict[str, str]) -> Claim:
    ends = names.iri(record["subject"]), _object(record, rule, names)
    subject, obj = reversed(ends) if rule.get("inverse") else ends
    if "event" in rule:
        subject, obj = told[record["id"]], names.iri(record[rule["event"]])
    status = statuses.of(record)
    why = statuses.why(record) if record["id"] in statuses.listed else ""
    return Claim(
        record["id"],
        subject,
        rule["property"],
        obj,
        tuple(record["source"]),
        status=status,
        notes=(rule.get("note", ""), record.get("note") or "", why),
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
    """The sources name the office; only its years are background. They go on a claim of their own."""
    return _FROM_MEMORY in (record.get("note") or "")


def _bounds(record: Record, rule: Record, given: Record, names: Names, out: Output) -> None:
    """When a thing began or ended, where the record says so besides its main statement."""
    bounds = dict(given)
    where = record["subject"]
    if "starts" in rule and record.get("from"):
        bounds["start"] = record["from"]
        where = record[rule["starts"]]
    for part, property_ in (("start", "schema:startDate"), ("end", "schema:endDate")):
        if part in bounds:
            note = f"from {record['predicate'].replace('_', ' ')}"
            claim = Claim(
                record["id"],
                names.iri(where),
                property_,
                date(bounds[part]),
                tuple(record["source"]),
                part=part,
                notes=(note,),
                confidence=record["confidence"],
            )
            out.claim(rule["file"], claim)
