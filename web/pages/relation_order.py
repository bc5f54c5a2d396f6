"""Order of an entity's relations on its page: reading order, then by label; identifiers and position apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from graph.model import Fact, FactGroup
from graph.vocabulary import expand
from web.pages.wording import literal_text

__all__ = ["Code", "Relations", "codes", "label_from_here", "reading_rank", "relations"]

_READING_ORDER: Final = (
    "dcterms:isPartOf", "schema:containedInPlace", "org:subOrganizationOf", "org:organization",
    "ca:ledBy", "^ca:directorOf", "^ca:coDirectorOf", "^ca:chairOf", "^ca:coChairOf", "^ca:chiefExecutiveOf",
    "^ca:mayorOf", "^ca:ministerAt", "^ca:cultureSecretaryAt",
    "org:member", "org:role", "ca:directorOf", "ca:coDirectorOf", "ca:chairOf", "ca:coChairOf", "ca:chiefExecutiveOf",
    "ca:mayorOf", "ca:ministerAt", "ca:cultureSecretaryAt", "^org:member", "ca:holdsPostAt", "schema:affiliation",
    "schema:author", "schema:publisher", "schema:producer", "schema:contributor", "schema:datePublished",
    "schema:funder", "ca:fundedThrough", "ca:deliveredBy", "ca:hostedBy", "ca:governs",
    "^ca:governs", "schema:location", "schema:areaServed", "schema:spatialCoverage",
    "schema:startDate", "schema:endDate", "ca:phase",
    "ca:indicator", "ca:year", "ca:value", "ca:unit", "ca:qualifier", "ca:release",
    "schema:value", "schema:currency", "ca:amountKind", "ca:asOf",
    "ca:hasAmount", "ca:budget", "ca:award", "ca:allocatedTo", "ca:coInvestment", "ca:grantReference",
    "ca:keyFigure", "ca:population",
    "ca:partner", "^ca:partner", "org:memberOf", "ca:focusesOn", "ca:worksOn", "dcterms:subject",
    "schema:about",
)  # fmt: skip
"""Relations in reading order; `^` marks a relation read from its object. All others follow by label."""

_IDENTIFIERS: Final = tuple(
    expand(name)
    for name in ("ca:onsCode", "ca:geonamesId", "skos:notation", "dcterms:identifier", "ca:record",
                 "schema:identifier")
)  # fmt: skip
_LATITUDE: Final = expand("schema:latitude")
_LONGITUDE: Final = expand("schema:longitude")

_LABELS_FROM_OBJECT: Final = {
    expand("org:organization"): "offices",
    expand("org:member"): "offices held",
    expand("org:role"): "held by",
    expand("ca:partner"): "partner in",
    expand("ca:indicator"): "statistics",
}
"""Labels of relations read from their object, where the ontology has no inverse with a label."""


@dataclass(frozen=True, slots=True)
class Relations:
    """An entity's facts in three parts: what is said of it, where else it is named, and codes with the position."""

    stated: tuple[FactGroup, ...]
    named: tuple[FactGroup, ...]
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """An identifier or the position on one line: `ONS code E08000003`, `Position 56.46 N, 2.97 W`."""

    label: str
    text: str
    fact: Fact
    """The fact that says so, with its sources."""


def _rank(group: FactGroup) -> int:
    return _RANKS.get((group.predicate, group.direction), len(_READING_ORDER))


_RANKS: Final = {
    (expand(name.removeprefix("^")), "in" if name.startswith("^") else "out"): rank
    for rank, name in enumerate(_READING_ORDER)
}


def relations(groups: tuple[FactGroup, ...], inverses: dict[str, str]) -> Relations:
    """The facts in order. `inverses`: relation → its label when read from the object.

    An incoming relation with such a label and a place in the reading order is listed with what is said of the entity.
    """
    full = [group for group in groups if group.facts]
    ordered = sorted(full, key=lambda g: (_rank(g), g.label.casefold(), g.predicate))
    separate = {*_IDENTIFIERS, _LATITUDE, _LONGITUDE}
    own = [g for g in ordered if g.direction == "out" and g.predicate not in separate]
    leading = [g for g in ordered if g.direction == "in" and g.predicate in inverses and _rank(g) < len(_READING_ORDER)]
    listed = {(g.predicate, g.direction) for g in leading}
    return Relations(
        stated=tuple(sorted([*own, *leading], key=_rank)),
        named=tuple(g for g in ordered if g.direction == "in" and (g.predicate, "in") not in listed),
        codes=codes(full),
    )


def codes(groups: list[FactGroup]) -> tuple[Code, ...]:
    """Identifiers in a fixed order, then the position."""
    own = {group.predicate: group for group in groups if group.direction == "out"}
    identifiers = [
        Code(own[name].label, literal_text(fact.value), fact)
        for name in _IDENTIFIERS
        if name in own
        for fact in own[name].facts
    ]
    return (*identifiers, *_positions(own))


def _positions(own: dict[str, FactGroup]) -> list[Code]:
    """Latitude and longitude on one line; on two where there is not one value of each."""
    halves = [own[name] for name in (_LATITUDE, _LONGITUDE) if name in own]
    if len(halves) == 2 and all(len(group.facts) == 1 for group in halves):
        north, east = (group.facts[0] for group in halves)
        try:
            words = f"{_degrees(north, 'N', 'S')}, {_degrees(east, 'E', 'W')}"
        except ValueError:
            pass
        else:
            return [Code("position", words, north)]
    return [Code(group.label, literal_text(fact.value), fact) for group in halves for fact in group.facts]


def _degrees(fact: Fact, positive: str, negative: str) -> str:
    value = float(fact.value.value)
    return f"{abs(value):.2f} {negative if value < 0 else positive}"


def reading_rank(predicate: str) -> int:
    """The rank of a relation in reading order; relations not named there come after all others."""
    return _RANKS.get((predicate, "out"), len(_READING_ORDER))


def label_from_here(predicate: str, inverses: dict[str, str]) -> str | None:
    """The label of a relation read from its object; None where there is none, so that its own label is quoted."""
    return inverses.get(predicate) or _LABELS_FROM_OBJECT.get(predicate)
