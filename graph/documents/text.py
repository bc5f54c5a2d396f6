"""Reader of plain text: the whole file is one page, and its first real line is the title."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from graph.documents import encoding, sniff
from graph.documents.website_notices import is_notice
from graph.errors import UnreadableFile
from graph.model import Page, Reading

__all__ = ["no_text", "read", "shorten", "title_of"]

MAX_TITLE_CHARS = 160

_HYPHENATED: Final = re.compile(r"\b([^\W\d_]+)[-‐]\n[ \t]*((?<=[A-Z][-‐]\n)[A-Z]+|[a-zß-ÿ][^\W\d_]*)")
_JOINING: Final = frozenset({"and", "or", "to", "und", "nor", "but"})
_COMPOUNDING: Final = frozenset(
    {
        "best", "better", "early", "ever", "ex", "far", "fast", "first", "full", "half", "hard", "high", "higher",
        "ill", "large", "late", "long", "low", "lower", "mid", "non", "old", "self", "short", "single", "small",
        "three", "two", "vice", "well", "wide", "world",
    }
)  # fmt: skip
"""Words after which a hyphen is part of the word."""


def read(path: Path) -> Reading:
    """One reading with one page numbered 0. Raises UnreadableFile."""
    text = rejoin_words(encoding.decode(sniff.read_bytes(path), path))
    if not text.strip():
        raise no_text(path)
    name = encoding.clean(path.name)
    return Reading(identifier=name, title=title_of(text) or path.stem or name, pages=(Page(0, text),), kind="text")


def rejoin_words(text: str) -> str:
    """Text with the words rejoined that a hyphen parts at the end of a line.

    The hyphen stays after words that form compounds; where it stands for a left-out part, nothing is joined.

    >>> rejoin_words("the crea-\\ntive, well-\\nknown firms, small- \\nand large ones")
    'the creative, well-known firms, small- \\nand large ones'
    """
    return _HYPHENATED.sub(_rejoined, text)


def _rejoined(match: re.Match[str]) -> str:
    before, after = match.groups()
    if after.lower() in _JOINING or (len(before) > 1 and before.isupper() != after.isupper()):
        return match.group()
    return f"{before}-{after}" if before.lower() in _COMPOUNDING else before + after


def no_text(path: Path) -> UnreadableFile:
    """Error for a file without text."""
    return UnreadableFile(f"“{path.name}” holds no text.", "Choose a file that holds text.", path=path)


def title_of(text: str) -> str:
    """First line that is neither blank nor boilerplate, cut to 160 characters; "" where there is none."""
    for line in text.split("\n"):
        words = line.strip().strip("#=*_ \t\ufeff")
        if any(char.isalnum() for char in words) and not is_notice(words):
            return shorten(words)
    return ""


def shorten(title: str, limit: int = MAX_TITLE_CHARS) -> str:
    """Title in one line of at most `limit` characters, cut between words, with an ellipsis."""
    title = " ".join(title.split())
    if len(title) <= limit:
        return title
    cut = title[: limit - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"
