"""Conversion of local and combined authorities: the gazetteer, merged with the fact base's own entities."""

from __future__ import annotations

from collections.abc import Iterator

from data.convert.entities import position
from data.convert.names import Names, authority_key
from data.convert.output import Claim, Output
from data.convert.read import FactBase, Record
from data.convert.turtle import boolean, iri, text, whole

__all__ = ["convert"]

_FILE = "entities/authorities.ttl"
_AREAS = {
    "CPCA": "la:E47000008",
    "EMCA": "la:E47000013",
    "GLA": "la:E61000001",
    "GLCA": "la:E47000017",
    "GMCA": "place:greater-manchester",
    "HYCA": "la:E47000016",
    "LCR": "place:liverpool-city-region",
    "NECA": "place:north-east-ca",
    "NTCA": "la:E47000011",
    "SCR": "la:E47000002",
    "TVCA": "la:E47000006",
    "WECA": "place:west-of-england",
    "WMCA": "place:west-midlands-ca",
    "WYCA": "place:west-yorkshire",
    "YNYC": "la:E47000012",
}
_NATIONS = {"Scotland": "place:scotland", "Wales": "place:wales", "Northern Ireland": "place:northern-ireland"}
# The dataset's positions of counties are wrong by up to 100 km (Lancashire's is in Leicestershire).
_NO_POSITION = "County"
# The dataset counts this county and its districts twice.
_NO_POPULATION = "E47000008"


def convert(facts: FactBase, names: Names, out: Output) -> None:
    entities = {record["id"]: record for record in facts.entities}
    contained = {(r["subject"], r["object"]) for r in facts.relations if r["predicate"] in ("part_of", "located_in")}
    regions = {r["label"].removesuffix(" (region)"): r["id"] for r in facts.entities if r["id"].startswith("region:")}
    for row in facts.authorities:
        key = authority_key(row, names.labels)
        if key.startswith("la:"):
            _describe(row, key, entities.get(key), names, out)
        for area in _areas(row, regions):
            if (key, area) not in contained:
                _contain(row, key, area, names, out)
        if key in entities:
            reason = "; ".join(filter(None, ("with the fact base's own entity", _omission(row))))
            out.account("gazetteer_local_authorities.jsonl", row["gss"], "merged", names.iri(key), reason)
        else:
            out.account("gazetteer_local_authorities.jsonl", row["gss"], "mapped", names.iri(key), _omission(row))


def _describe(row: Record, key: str, entity: Record | None, names: Names, out: Output) -> None:
    subject = names.iri(key)
    combined = row["type"] in ("Combined authority", "Strategic Regional Authority")
    special = "ca:CombinedAuthorityArea" if combined else "ca:LocalAuthority"
    pairs = [("a", special), ("a", "schema:AdministrativeArea"), ("a", "schema:Place")]
    pairs += [("rdfs:label", text(names.labels[key])), ("ca:onsCode", text(row["gss"]))]
    pairs.append(("dcterms:type", iri("kind/combined-authority-area" if combined else "kind/local-authority")))
    pairs.append(("ca:authorityType", text(row["type"])))
    if entity is None:
        pairs += [("dcterms:identifier", text(key)), ("schema:description", text(_description(row)))]
        pairs += [("skos:altLabel", text(name)) for name in _other_names(row, names.labels[key], combined)]
    if row["population_2020"] and row["gss"] != _NO_POPULATION:
        pairs.append(("ca:population", whole(row["population_2020"])))
    if entity is not None and row["type"] == _NO_POSITION:
        # The fact base has the same wrong positions.
        block = out.files[_FILE][subject]
        block -= {pair for pair in block if pair[0] in ("schema:latitude", "schema:longitude")}
    elif entity is None and row["lat"] is not None and row["type"] != _NO_POSITION:
        pairs += position(row["lat"], row["lon"])
        if combined:
            pairs.append(("ca:inheritedPosition", boolean(True)))
    out.add(_FILE, subject, *pairs)
    out.sources(_FILE, subject, [row["source"]])


def _omission(row: Record) -> str:
    if row["type"] == _NO_POSITION:
        return "position left out: the dataset's county positions are wrong"
    if row["gss"] == _NO_POPULATION:
        return "population left out: the dataset counts a county and its districts twice"
    return ""


def _other_names(row: Record, label: str, combined: bool) -> Iterator[str]:
    if not combined and row["official_name"] != label:
        yield str(row["official_name"])
    if combined and label.split(" (")[0] != label:
        yield label.split(" (")[0]


def _description(row: Record) -> str:
    kind = row["type"] if row["type"].startswith(("NI", "London", "Welsh", "Scottish")) else row["type"].lower()
    where = row["region"] if row["region"] == row["nation"] else f"{row['region']}, {row['nation']}"
    article = "A" if not kind.lower().startswith(("a", "e", "i", "o")) else "An"
    return f"{article} {kind} in {where}."


def _areas(row: Record, regions: dict[str, str]) -> Iterator[str]:
    yield _NATIONS.get(row["nation"]) or regions[row["region"]]
    if row["combined_authority"]:
        yield _AREAS[row["combined_authority"]]


def _contain(row: Record, key: str, area: str, names: Names, out: Output) -> None:
    """Containment is a claim of its own, because one of the dataset's is out of date."""
    stale = row["combined_authority"] == "NTCA" and area == "la:E47000011"
    note = "the dataset lists the former North of Tyne authority (conflict:31)" if stale else ""
    claim = Claim(
        f"la:{row['gss']}",
        names.iri(key),
        "schema:containedInPlace",
        obj=names.iri(area),
        sources=(row["source"],),
        status="proposed" if stale else "accepted",
        part=f"in {names.paths[area]}",
        notes=(note,),
        confidence="single",
    )
    out.claim("authorities", claim)
