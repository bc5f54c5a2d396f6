"""Statistics, sums and offices in words: what follows their label so that the two read as a sentence."""

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
    found = {}
    for iri in iris:
        types = {obj.value for obj in snapshot.objects(iri, "rdf:type")}
        for kind, words in _WORDS.items():
            if expand(kind) in types and (text := words(snapshot, iri)):
                found[iri] = text
                break
    return found


def _statistic(snapshot: Snapshot, iri: str) -> str:
    value = snapshot.value(iri, "ca:value")
    if value is None:
        return ""
    figure = _measured(value, snapshot.value(iri, "ca:unit") or "")
    return ", ".join(filter(None, (figure, snapshot.value(iri, "ca:qualifier"))))


def _amount(snapshot: Snapshot, iri: str) -> str:
    kind = next(iter(sorted(obj.value for obj in snapshot.objects(iri, "ca:amountKind"))), None)
    parts = [snapshot.label(kind) if kind else "", _held(snapshot, iri)]
    value = snapshot.value(iri, "schema:value")
    if value and not any(sign in snapshot.label(iri) for sign in _SIGNS.values()):
        parts.insert(0, _measured(value, snapshot.value(iri, "schema:currency") or ""))
    return ", ".join(filter(None, parts))


def _office(snapshot: Snapshot, iri: str) -> str:
    return _held(snapshot, iri)


_WORDS: Final = {"ca:Statistic": _statistic, "schema:MonetaryAmount": _amount, "org:Membership": _office}


def _held(snapshot: Snapshot, iri: str) -> str:
    start, end = date(snapshot.value(iri, "schema:startDate")), date(snapshot.value(iri, "schema:endDate"))
    if start and end:
        return start if start == end else f"{start} to {end}"
    if start or end:
        return f"from {start}" if start else f"until {end}"
    moment = date(snapshot.value(iri, "ca:asOf"))
    return f"as of {moment}" if moment else ""


def _measured(value: str, unit: str) -> str:
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
