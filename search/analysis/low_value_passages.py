"""Detection of low-value passages: contents pages and reference lists, full of the right words and no answer."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_low_value"]

_DOT_LEADER: Final = re.compile(r"(?:\. ?){4,}\s*\d+\s*$|[^\n]{3,80}\s(?:\t|\s{2,})\d{1,3}\s*$")
_REFERENCE_MARK: Final = re.compile(
    r"\(\d{4}[a-z]?\)|\bdoi\b|https?://|\bet al\b|\bpp\. ?\d|\bISBN\b|Retrieved from", re.I
)
_YEAR: Final = re.compile(r"\b(?:1[89]|20)\d\d[a-z]?\b")
# "Abbot, J.", after a number or bullet if there is one, begins an entry and never a sentence.
_AUTHOR: Final = re.compile(
    r"\W{0,3}(?:\d{1,3}[.)\]]?\s)?(?:[a-z]{1,4}\s){0,3}[^\W\d_][\w'’-]{1,40},\s(?:[^\W\d_]\.[\s-]?)+"
)
_HEADINGS: Final = frozenset(
    {"references", "reference list", "list of references", "bibliography", "select bibliography", "works cited",
     "literature cited", "sources cited", "references and notes", "contents", "table of contents"}
)  # fmt: skip
_NUMBERING: Final = re.compile(r"^[\W\d]+|[\W\d]+$")
_MAX_ENTRY_CHARS: Final = 600
_LEADER_CHARS: Final = 160  # at the end of a line, where a dot leader is
_MAX_HEADING_CHARS: Final = 60

_MIN_LINES: Final = 4
"""Lines from which their form alone decides, without a heading."""

_MIN_ENTRY_SHARE: Final = 0.6
_MIN_ENTRY_SHARE_UNDER_HEADING: Final = 0.5


def is_low_value(text: str, heading: str = "") -> bool:
    """Whether the lines are entries of a contents page or a reference list. `heading`: its path, "A > B"."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    has_heading = _is_list_heading(heading.rpartition(">")[2].strip())
    if not lines or (not has_heading and len(lines) < _MIN_LINES):
        return False
    entries = sum(_is_entry(line, 1 if has_heading else 2) for line in lines)
    return entries >= (_MIN_ENTRY_SHARE_UNDER_HEADING if has_heading else _MIN_ENTRY_SHARE) * len(lines)


def _is_list_heading(heading: str) -> bool:
    return len(heading) <= _MAX_HEADING_CHARS and _NUMBERING.sub("", heading).casefold() in _HEADINGS


def _is_entry(line: str, min_marks: int) -> bool:
    """`min_marks`: number of marks that a reference must have."""
    if _DOT_LEADER.search(line[-_LEADER_CHARS:]):
        return True
    if len(line) > _MAX_ENTRY_CHARS:
        return False
    marks = len(_REFERENCE_MARK.findall(line))
    return marks >= min_marks or bool(_AUTHOR.match(line) and (marks or _YEAR.search(line)))
