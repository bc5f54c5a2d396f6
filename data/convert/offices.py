"""Conversion of offices: an org:Membership beside the plain edge, so that queries can ask who held it when."""

from __future__ import annotations

from data.convert.names import Names
from data.convert.output import Claim, Output
from data.convert.read import Record
from data.convert.turtle import date, iri, text
from graph.iri import slugify

__all__ = ["membership"]

_FILE = "entities/offices.ttl"
_TITLES = {
    "lead": "lead of {}",
    "director": "director of {}",
    "co-director": "co-director of {}",
    "challenge-director": "Challenge Director of {}",
    "deputy-director": "deputy director of {}",
    "research-director": "Research Director of {}",
    "chair": "chair of {}",
    "co-chair": "co-chair of {}",
    "executive-chair": "Executive Chair of {}",
    "chief-executive": "chief executive of {}",
    "mayor": "Mayor of {}",
    "minister": "minister at {}",
    "culture-secretary": "Culture Secretary ({})",
    "head-of-policy": "Head of Policy at {}",
    "head-of-communications": "Head of Communications at {}",
    "policy-adviser": "policy adviser at {}",
    "research-partner": "research partner of {}",
    "programme-manager": "programme manager of {}",
    "architect": "architect of {}",
    "sector-champion": "sector champion for {}",
    "responsible": "responsible for {}",
}


def membership(record: Record, role: str, names: Names, out: Output, dates_from_memory: bool) -> None:
    """Write one office. Years from background knowledge become claims of that source, the rest is the record's."""
    person, body = names.labels[record["subject"]], names.labels[record["object"]]
    subject = iri(f"office/{slugify(f'{person} {role} {body}')}")
    pairs = [
        ("a", "org:Membership"),
        ("rdfs:label", text(f"{person}, {_TITLES[role].format(body)}")),
        ("org:member", names.iri(record["subject"])),
        ("org:organization", names.iri(record["object"])),
        ("org:role", iri(f"role/{role}")),
        ("ca:record", text(record["id"])),
    ]
    if record["date"]:
        pairs.append(("ca:asOf", text(record["date"])))
    bounds = [
        (property_, part, record[part])
        for property_, part in (("schema:startDate", "from"), ("schema:endDate", "to"))
        if record.get(part)
    ]
    for property_, part, value in bounds:
        if not dates_from_memory:
            pairs.append((property_, date(value)))
            continue
        claim = Claim(
            record["id"],
            subject,
            property_,
            obj=date(value),
            sources=("memory",),
            part=f"office {part}",
            confidence="memory",
        )
        out.claim("offices", claim)
    out.open(_FILE, subject)
    out.add(_FILE, subject, *pairs)
    out.sources(_FILE, subject, record["source"])
