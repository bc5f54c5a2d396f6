"""The order of an entry's relations: as people read them, then the rest by name, identifiers and positions last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from graph.model import Fact, FactGroup
from graph.vocabulary import expand
from web.pages.wording import shown

__all__ = ["Code", "Relations", "codes", "label_from_here", "reading_rank", "relations"]

_FIRST: Final = (
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
"""Relations in reading order; `^` marks one that is read from its far end. What is not named here follows by name."""

_CODES: Final = tuple(
    expand(name)
    for name in ("ca:onsCode", "ca:geonamesId", "skos:notation", "dcterms:identifier", "ca:record",
                 "schema:identifier")
)  # fmt: skip
_LATITUDE: Final = expand("schema:latitude")
_LONGITUDE: Final = expand("schema:longitude")

_FROM_HERE: Final = {
    expand("org:organization"): "offices",
    expand("org:member"): "offices held",
    expand("org:role"): "held by",
    expand("ca:partner"): "partner in",
    expand("ca:indicator"): "statistics",
}
"""What an incoming relation is called here, where the ontology has no name for its far end."""


@dataclass(frozen=True, slots=True)
class Relations:
    """An entry's facts in three parts: what is read first, where else it is named, and codes and position."""

    stated: tuple[FactGroup, ...]
    named: tuple[FactGroup, ...]
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """One identifier or the position, small: `ONS code E08000003`, `Position 56.46 N, 2.97 W`."""

    label: str
    text: str
    fact: Fact
    """The fact whose sources stand behind it."""


def _rank(group: FactGroup) -> int:
    return _RANKS.get((group.predicate, group.direction), len(_FIRST))


_RANKS: Final = {
    (expand(name.removeprefix("^")), "in" if name.startswith("^") else "out"): rank for rank, name in enumerate(_FIRST)
}


def relations(groups: tuple[FactGroup, ...], inverses: dict[str, str]) -> Relations:
    """`inverses` names the relations that have a name of their own at this end; such a one reads as a fact of it."""
    full = [group for group in groups if group.facts]
    ordered = sorted(full, key=lambda g: (_rank(g), g.label.casefold(), g.predicate))
    apart = {*_CODES, _LATITUDE, _LONGITUDE}
    own = [g for g in ordered if g.direction == "out" and g.predicate not in apart]
    leading = [g for g in ordered if g.direction == "in" and g.predicate in inverses and _rank(g) < len(_FIRST)]
    taken = {(g.predicate, g.direction) for g in leading}
    return Relations(
        stated=tuple(sorted([*own, *leading], key=_rank)),
        named=tuple(g for g in ordered if g.direction == "in" and (g.predicate, "in") not in taken),
        codes=codes(full),
    )


def codes(groups: list[FactGroup]) -> tuple[Code, ...]:
    """Identifiers in a fixed order, then the position."""
    own = {group.predicate: group for group in groups if group.direction == "out"}
    found = [
        Code(own[name].label, shown(fact.value), fact) for name in _CODES if name in own for fact in own[name].facts
    ]
    return (*found, *_positions(own))


def _positions(own: dict[str, FactGroup]) -> list[Code]:
    """Latitude and longitude in one line; each by itself where they do not pair off."""
    halves = [own[name] for name in (_LATITUDE, _LONGITUDE) if name in own]
    if len(halves) == 2 and all(len(group.facts) == 1 for group in halves):
        north, east = (group.facts[0] for group in halves)
        try:
            words = f"{_degrees(north, 'N', 'S')}, {_degrees(east, 'E', 'W')}"
        except ValueError:
            pass
        else:
            return [Code("position", words, north)]
    return [Code(group.label, shown(fact.value), fact) for group in halves for fact in group.facts]


def _degrees(fact: Fact, above: str, below: str) -> str:
    value = float(fact.value.value)
    return f"{abs(value):.2f} {below if value < 0 else above}"


def reading_rank(predicate: str) -> int:
    """Where a relation stands in reading order; those that have no place of their own come after all others."""
    return _RANKS.get((predicate, "out"), len(_FIRST))


def label_from_here(predicate: str, inverses: dict[str, str]) -> str | None:
    """What an incoming relation is called from this end; None where it can only be quoted."""
    return inverses.get(predicate) or _FROM_HERE.get(predicate)
