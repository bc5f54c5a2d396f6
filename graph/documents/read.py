"""Reading of a file: its path becomes readings, by the reader of its format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graph.documents import sniff
from graph.model import Reading

__all__ = ["SUFFIXES", "read"]

SUFFIXES = (".txt", ".text", ".md", ".markdown", ".jsonl", ".ndjson", ".html", ".htm", ".xhtml", ".pdf")
"""Endings of the files that are read from a directory; a file that is named itself is judged by its content first."""


def read(path: Path) -> Iterator[Reading]:
    """One reading for a document file, one per record for JSON Lines (streamed).

    The format is recognised by content, then by extension. Raises UnreadableFile for a file that cannot be read,
    BadData for a bad record, before or between readings.

    >>> _ = (folder / "games.md").write_text("# Games\\n\\nThey are made in Dundee.")
    >>> [(reading.title, reading.kind) for reading in read(folder / "games.md")]
    [('Games', 'markdown')]
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
