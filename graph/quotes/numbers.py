"""Search for a number in running text, in the ways in which people write it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

__all__ = ["find_number"]

_SCALES: Final = {"million": 6, "billion": 9}
_WORDS: Final = {6: "million|mn|m", 9: "billion|bn"}
_FREE: Final = r"(?<![\d.,£$€])"


def find_number(text: str, value: str, unit: str) -> tuple[int, int] | None:
    """[start, end) of the value with its unit ("709", "£1,234m", "5.6 per cent"); None where the text has none.

    `value` is a decimal as the graph holds it; `unit` is "count", "percent", "GBP million", "GBP" or a noun.
    """
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    scale = next((power for word, power in _SCALES.items() if word in unit), 0)
    money = unit.startswith("GBP")
    for pattern in _patterns(number, scale, money=money, percent=unit.startswith("percent")):
        match = re.search(pattern, text)
        if match:
            return match.span()
    return None


def _patterns(number: Decimal, scale: int, *, money: bool, percent: bool) -> list[str]:
    sign = "£ ?" if money else ""
    before = _FREE if not money else r"(?<![\d.,])"
    if percent:
        return [rf"{before}{_plain(number)} ?(?:%|per cent\b|percent\b)"]
    scaled = number.scaleb(scale)
    patterns = [rf"{before}{sign}{_plain(scaled)}(?![\d%]|[.,]\d)(?! ?(?:per cent|percent|million|billion|bn|m)\b)"]
    for power, words in _WORDS.items():
        if scaled >= Decimal(10) ** power:
            patterns.append(rf"{before}{sign}{_plain(scaled.scaleb(-power))} ?(?:{words})\b")
    return patterns


def _plain(number: Decimal) -> str:
    """Pattern of the digits, with or without commas between thousands, without final zeros."""
    plain = format(number.normalize(), "f")
    head, dot, tail = plain.partition(".")
    grouped = f"{int(head):,}"
    digits = re.escape(head) if grouped == head else f"(?:{re.escape(head)}|{re.escape(grouped)})"
    return digits + (re.escape(dot + tail) if dot else r"(?:\.0)?")
