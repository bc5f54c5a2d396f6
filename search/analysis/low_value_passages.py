"""Which passages are furniture: contents pages and reference lists, full of the right words and no answer."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_furniture"]

_LEADER: Final = re.compile(r"(?:\. ?){4,}\s*\d+\s*$|[^\n]{3,80}\s(?:\t|\s{2,})\d{1,3}\s*$")
_MARK: Final = re.compile(r"\(\d{4}[a-z]?\)|\bdoi\b|https?://|\bet al\b|\bpp\. ?\d|\bISBN\b|Retrieved from", re.I)
_YEAR: Final = re.compile(r"\b(?:1[89]|20)\d\d[a-z]?\b")
# Abbot, J. … as an entry begins, after its number or bullet if it has one: no sentence does.
_AUTHOR: Final = re.compile(
    r"\W{0,3}(?:\d{1,3}[.)\]]?\s)?(?:[a-z]{1,4}\s){0,3}[^\W\d_][\w'’-]{1,40},\s(?:[^\W\d_]\.[\s-]?)+"
)
_HEADINGS: Final = frozenset(
    {"references", "reference list", "list of references", "bibliography", "select bibliography", "works cited",
     "literature cited", "sources cited", "references and notes", "contents", "table of contents"}
)  # fmt: skip
_NUMBER: Final = re.compile(r"^[\W\d]+|[\W\d]+$")
_LONGEST: Final = 600  # letters that an entry may have
_END: Final = 160  # letters at the end of a line that tell a leader
_HEADING: Final = 60  # letters that a heading of furniture may have, its number among them

_LEAST_LINES: Final = 4
_SHARE: Final = 0.6
"""How many lines it takes to tell by them alone, and which part of them must be entries; half under a heading."""


def is_furniture(text: str, heading: str = "") -> bool:
    """Whether the lines are entries of a contents page or a reference list. `heading`: its path, "A > B"."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = _says_so(heading.rpartition(">")[2].strip())
    if not lines or (not said and len(lines) < _LEAST_LINES):
        return False
    told = sum(_is_entry(line, 1 if said else 2) for line in lines)
    return told >= (_SHARE - 0.1 * said) * len(lines)


def _says_so(heading: str) -> bool:
    return len(heading) <= _HEADING and _NUMBER.sub("", heading).casefold() in _HEADINGS


def _is_entry(line: str, least: int) -> bool:
    """`least`: how many marks of a reference it must have."""
    if _LEADER.search(line[-_END:]):
        return True
    if len(line) > _LONGEST:
        return False
    marks = len(_MARK.findall(line))
    return marks >= least or bool(_AUTHOR.match(line) and (marks or _YEAR.search(line)))
