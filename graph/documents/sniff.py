"""Format of a file, by content, then by name; and its bytes, after a check that it can be read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, Literal

from graph.errors import UnreadableFile

__all__ = ["HEAD_BYTES", "MAX_TEXT_BYTES", "Format", "check", "head", "read_bytes", "sniff"]

Format = Literal["text", "markdown", "jsonl", "html", "pdf"]

HEAD_BYTES: Final = 4096
MAX_TEXT_BYTES: Final = 32 * 1024 * 1024
"""Limit for text, Markdown and HTML, which are read whole; JSON Lines are streamed and have none."""

_BY_SUFFIX: Final[dict[str, Format]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
}

# Files that are not read, by their first bytes: (signature, kind of file, remedy).
_REFUSED: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"PK\x03\x04", "a ZIP archive or an Office document", "Export it as PDF, HTML or text and try again."),
    (b"\xd0\xcf\x11\xe0", "an older or a protected Office document", "Export it as PDF, HTML or text and try again."),
    (b"{\\rtf", "a Rich Text file", "Export it as PDF, HTML or text and try again."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it (gunzip FILE) and try again."),
    (b"\x89PNG", "an image", "Give the text itself: images are not read."),
    (b"\xff\xd8\xff", "an image", "Give the text itself: images are not read."),
    (b"GIF8", "an image", "Give the text itself: images are not read."),
)

_HTML: Final = re.compile(
    rb"\s*(<!--.*?-->\s*)*(<\?xml[^>]{0,200}>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.I | re.S
)
_XML: Final = re.compile(rb"\s*<\?xml\b")
_DOCTYPE: Final = re.compile(rb"\s*<!(doctype|entity)\b", re.I)


def check(path: Path) -> os.stat_result:
    """Status of a file. Raises UnreadableFile where it is missing, empty, no regular file, or not permitted."""
    name = path.name or str(path)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise UnreadableFile(f"There is no file “{path}”.", "Check the path and try again.", path=path) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(f"“{name}” cannot be opened ({reason}).", "Check the path.", path=path) from None
    if path.is_dir():
        raise UnreadableFile(f"“{name}” is a directory.", "Name the files in it.", path=path)
    if not path.is_file():
        raise UnreadableFile(f"“{name}” is not an ordinary file.", "Copy its content to a file.", path=path)
    if status.st_size == 0:
        raise UnreadableFile(f"“{name}” is empty.", "Choose a file that holds text.", path=path)
    return status


def head(path: Path) -> bytes:
    """First bytes, enough to recognise the format. Raises UnreadableFile."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise UnreadableFile(
            f"“{path.name}” cannot be read ({error.strerror}).", "Check its permissions.", path=path
        ) from None


def read_bytes(path: Path, limit: int = MAX_TEXT_BYTES) -> bytes:
    """All bytes of a file. Raises UnreadableFile over `limit` bytes, checked while reading."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UnreadableFile(
            f"“{path.name}” cannot be read ({error.strerror}).", "Check its permissions.", path=path
        ) from None
    if len(data) > limit:
        raise too_large(path, limit)
    return data


def too_large(path: Path, limit: int) -> UnreadableFile:
    """Error for a file of more than `limit` bytes."""
    return UnreadableFile(
        f"“{path.name}” is larger than {limit // (1024 * 1024)} MB.", "Split it into smaller files.", path=path
    )


def sniff(first: bytes, path: Path) -> Format:
    """Format by content, then by extension, else text. Raises UnreadableFile for formats that are not read."""
    if b"%PDF-" in first[:1024]:
        return "pdf"
    for signature, kind, remedy in _REFUSED:
        if first.startswith(signature):
            raise UnreadableFile(f"“{path.name}” is {kind}, which is not read.", remedy, path=path)
    if _HTML.match(first):
        return "html"
    by_name = _BY_SUFFIX.get(path.suffix.lower())
    if by_name == "pdf":
        raise UnreadableFile(f"“{path.name}” is not a PDF file, or a broken one.", "Export it again.", path=path)
    if by_name is not None:
        return by_name
    if _XML.match(first) or _DOCTYPE.match(first):
        raise UnreadableFile(
            f"“{path.name}” is an XML file, which is not read.", "Export it as HTML or text and try again.", path=path
        )
    return "text"
