"""Plain text: the whole file is one page; the first real line is the title."""

from __future__ import annotations

from pathlib import Path

from graph.documents import encoding, sniff
from graph.documents.boilerplate import is_furniture
from graph.errors import UnreadableFile
from graph.model import Page, Reading

__all__ = ["no_text", "read", "shorten", "title_of"]

_TITLE_LIMIT = 160


def read(path: Path) -> Reading:
    """One reading with one page numbered 0. Raises UnreadableFile."""
    text = encoding.decode(sniff.whole(path), path)
    if not text.strip():
        raise no_text(path)
    name = encoding.clean(path.name)
    return Reading(identifier=name, title=title_of(text) or path.stem or name, pages=(Page(0, text),), kind="text")


def no_text(path: Path) -> UnreadableFile:
    return UnreadableFile(f"“{path.name}” holds no text.", "Choose a file that holds text.", path=path)


def title_of(text: str) -> str:
    """The first line that is neither blank nor page furniture, cut at 160 characters; "" when there is none."""
    for line in text.split("\n"):
        words = line.strip().strip("#=*_ \t\ufeff")
        if any(char.isalnum() for char in words) and not is_furniture(words):
            return shorten(words)
    return ""


def shorten(title: str, limit: int = _TITLE_LIMIT) -> str:
    """One line of at most `limit` characters, cut between words with an ellipsis."""
    title = " ".join(title.split())
    if len(title) <= limit:
        return title
    kept = title[: limit - 1]
    return (kept.rpartition(" ")[0] or kept) + "…"
