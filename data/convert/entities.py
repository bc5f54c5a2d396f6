"""Conversion of entities: one block each, with types, names, description, position and codes."""

from __future__ import annotations

from data.convert.names import Names
from data.convert.output import Claim, Output
from data.convert.read import FactBase, Record, table
from data.convert.turtle import boolean, date, iri, link, number, text, whole

__all__ = ["convert", "position"]


def convert(facts: FactBase, names: Names, out: Output) -> None:
    dates = table("dates")["entity"]
    issued = {record["id"]: record["date"] or "" for record in facts.sources}
    for record in facts.entities:
        key, subject = record["id"], names.iri(record["id"])
        file = f"entities/{names.kind(key)['file']}.ttl"
        out.add(file, subject, *_identity(record, names), *_details(record, names))
        _dates(record, dates.get(key, {}), issued, subject, out)
        out.sources(file, subject, record["source"])
        _unsourced(record, names, out)
        reason = "named by low-reliability sources only" if "low" in record["confidence"] else ""
        out.account("entities.jsonl", key, "mapped", subject, reason)


def _identity(record: Record, names: Names) -> list[tuple[str, str]]:
    key, kind = record["id"], names.kind(record["id"])
    settings, subtype = names.settings, record.get("subtype") or ""
    types = [*settings["subtypes"].get(subtype, ()), *kind["types"]]
    if key == "prog:uccn":
        types.append("org:Organization")
    pairs = [("a", name) for name in types]
    pairs += [("rdfs:label", text(names.labels[key])), ("dcterms:identifier", text(key))]
    pairs += [("skos:altLabel", text(name)) for name in names.alt_labels(record)]
    if subtype in settings["kind_of"]:
        property_ = "org:classification" if key.startswith("org:") else "dcterms:type"
        pairs.append((property_, iri(f"kind/{settings['kind_of'][subtype]}")))
    if "scheme" in kind:
        pairs.append(("skos:inScheme", iri(kind["scheme"])))
    return pairs


def _details(record: Record, names: Names) -> list[tuple[str, str]]:
    property_ = "skos:definition" if record["id"].startswith("concept:") else "schema:description"
    pairs = [(property_, text(record["description"])), *_codes(record)]
    if record.get("homepage"):
        pairs.append(("schema:url", link(record["homepage"])))
    if record.get("published"):
        pairs.append(("schema:datePublished", date(record["published"])))
    if record.get("phase"):
        pairs.append(("ca:phase", whole(record["phase"])))
    count = record.get("population") or record.get("population_2020")
    if count:
        pairs.append(("ca:population", whole(count)))
    if record.get("lat") is not None:
        pairs += position(record["lat"], record["lon"])
        inherited = names.settings["inherited_position"]
        if record["id"].split(":")[0] in inherited["kinds"] or record["id"] in inherited["ids"]:
            pairs.append(("ca:inheritedPosition", boolean(True)))
    if record.get("coord_note"):
        pairs.append(("skos:note", text(record["coord_note"])))
    return pairs


def _codes(record: Record) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    if record.get("ons_code"):
        pairs.append(("ca:onsCode", text(record["ons_code"])))
    if record.get("geonames_id"):
        pairs.append(("ca:geonamesId", text(str(record["geonames_id"]))))
    if record.get("code"):
        pairs += [("skos:notation", text(record["code"])), ("skos:notation", text(record["code"].replace(".", "")))]
        pairs += [("skos:altLabel", text(f"SIC {record['code']}")), ("skos:altLabel", text(record["description"]))]
    return pairs


def position(lat: float, lon: float) -> list[tuple[str, str]]:
    """Latitude and longitude with five decimals, about a metre: none of these positions is more exact."""
    return [("schema:latitude", number(round(lat, 5))), ("schema:longitude", number(round(lon, 5)))]


def _dates(record: Record, given: Record, issued: dict[str, str], subject: str, out: Output) -> None:
    """Dates from the description. A source published before the end cannot report the end."""
    for part, property_ in (("start", "schema:startDate"), ("end", "schema:endDate")):
        if part not in given:
            continue
        year = given[part][:4]
        sources = [name for name in record["source"] if part == "start" or not issued[name] or issued[name][:4] >= year]
        note = "read from the description"
        value = date(given[part])
        claim = Claim(record["id"], subject, property_, obj=value, sources=tuple(sources), part=part, notes=(note,))
        out.claim("dates", claim)


def _unsourced(record: Record, names: Names, out: Output) -> None:
    """Claims that the block's own sources do not make: names in use, and a code from another source."""
    key, subject = record["id"], names.iri(record["id"])
    for name in names.more_labels(record):
        claim = Claim(
            key,
            subject,
            "skos:altLabel",
            obj=text(name),
            sources=("memory",),
            part=f"name {name}",
            confidence="memory",
        )
        out.claim("names", claim)
    if record.get("ttwa_code_2011"):
        note = "travel-to-work area code of 2011"
        code = text(record["ttwa_code_2011"])
        sources = (record["ttwa_code_source"],)
        out.claim("codes", Claim(key, subject, "ca:onsCode", obj=code, sources=sources, part="code", notes=(note,)))
