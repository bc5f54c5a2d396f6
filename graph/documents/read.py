"""The way in: a path becomes readings, by the reader of its format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graph.documents import sniff
from graph.model import Reading

__all__ = ["SUFFIXES", "read"]

SUFFIXES = (".txt", ".text", ".md", ".markdown", ".jsonl", ".ndjson", ".html", ".htm", ".xhtml", ".pdf")
"""What is taken up when a folder is named; a file named itself is judged by its content first."""


def read(path: Path) -> Iterator[Reading]:
    """One reading for a document file, one per record for JSON Lines (streamed).

    The format is told by content, then by extension. Raises UnreadableFile for anything that cannot be read,
    BadData for a bad record; both before or between readings, never in the middle of one.
    """
    path = Path(path)
    sniff.check(path)
    match sniff.sniff(sniff.head(path), path):
        case "jsonl":
            from graph.documents import jsonl

            yield from jsonl.read(path)
        case "markdown":
            from graph.documents import markdown

            yield markdown.read(path)
        case "html":
            from graph.documents import html as web_page

            yield web_page.read(path)
        case "pdf":
            from graph.documents import pdf

            yield pdf.read(path)
        case _:
            from graph.documents import text

            yield text.read(path)
