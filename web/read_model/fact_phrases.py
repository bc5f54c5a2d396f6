"""Phrases for statistics, sums of money and offices: words that follow the label, so that both read as a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Final

from graph.storage.snapshot import Snapshot
from graph.vocabulary import expand
from web.read_model.formatting import date

__all__ = ["details"]

_SIGNS: Final = {"GBP": "£", "EUR": "€", "USD": "$"}
_SCALES: Final = ("million", "billion", "thousand", "trillion")


def details(snapshot: Snapshot, iris: Iterable[str]) -> dict[str, str]:
    """For those of the IRIs that are a statistic, a sum of money or an office: the words after the label."""
    phrases = {}
    for iri in iris:
        types = {obj.value for obj in snapshot.objects(iri, "rdf:type")}
        for kind, phrase_of in _PHRASES.items():
            if expand(kind) in types and (phrase := phrase_of(snapshot, iri)):
                phrases[iri] = phrase
                break
    return phrases


def _statistic(snapshot: Snapshot, iri: str) -> str:
    value = snapshot.value(iri, "ca:value")
    if value is None:
        return ""
    figure = _with_unit(value, snapshot.value(iri, "ca:unit") or "")
    return ", ".join(filter(None, (figure, snapshot.value(iri, "ca:qualifier"))))


def _amount(snapshot: Snapshot, iri: str) -> str:
    kind = next(iter(sorted(obj.value for obj in snapshot.objects(iri, "ca:amountKind"))), None)
    parts = [snapshot.label(kind) if kind else "", _period(snapshot, iri)]
    value = snapshot.value(iri, "schema:value")
    if value and not any(sign in snapshot.label(iri) for sign in _SIGNS.values()):
        parts.insert(0, _with_unit(value, snapshot.value(iri, "schema:currency") or ""))
    return ", ".join(filter(None, parts))


def _period(snapshot: Snapshot, iri: str) -> str:
    """When it holds: `2018 to 2024`, `from 2018`, `until 2024`, `as of November 2023`."""
    start, end = date(snapshot.value(iri, "schema:startDate")), date(snapshot.value(iri, "schema:endDate"))
    if start and end:
        return start if start == end else f"{start} to {end}"
    if start or end:
        return f"from {start}" if start else f"until {end}"
    as_of = date(snapshot.value(iri, "ca:asOf"))
    return f"as of {as_of}" if as_of else ""


_PHRASES: Final = {"ca:Statistic": _statistic, "schema:MonetaryAmount": _amount, "org:Membership": _period}


def _with_unit(value: str, unit: str) -> str:
    """`177069.1`, `GBP million` → `£177,069.1 million`; `5.3`, `percent` → `5.3%`; anything else number, then unit."""
    try:
        number = f"{Decimal(value).normalize():,f}"
    except (InvalidOperation, ValueError):
        number = value
    currency, _, scale = unit.partition(" ")
    if currency in _SIGNS and (not scale or scale.split(" ")[0] in _SCALES):
        return f"{_SIGNS[currency]}{number}{' ' if scale else ''}{scale}"
    if unit in ("percent", "per cent", "%"):
        return f"{number}%"
    return number if unit == "count" else f"{number} {unit}".strip()
