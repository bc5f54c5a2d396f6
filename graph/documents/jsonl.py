"""Reader of JSON Lines: one record per line, with `_id` or `id`, `title`, `text` (as in BEIR) and other metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from graph.documents.encoding import clean
from graph.documents.text import shorten
from graph.errors import BadData, UnreadableFile
from graph.model import Page, Reading

__all__ = ["MAX_LINE_BYTES", "read", "record"]

MAX_LINE_BYTES: Final = 16 * 1024 * 1024

_TEXT_KEYS: Final = ("text", "body", "contents", "abstract")
_URL_KEYS: Final = ("url", "source_url", "link")
_KNOWN: Final = frozenset(
    {
        "_id",
        "id",
        "title",
        "kind",
        "date",
        "publisher",
        "themes",
        "places",
        "sources",
        "metadata",
        *_TEXT_KEYS,
        *_URL_KEYS,
    }
)


def read(path: Path) -> Iterator[Reading]:
    """One reading per line, streamed in the order of the file; blank lines are passed over.

    Lines that are no record are passed over too; after the last line, BadData names the first of them and tells how
    many there are. UnreadableFile where the file holds no record.
    """
    is_empty = True
    first: BadData | None = None
    bad = 0
    for number, line in _lines(path):
        try:
            if line is None:
                raise BadData(f"the line is longer than {MAX_LINE_BYTES // 2**20} MB.", path=path, line=number)
            reading = record(line, path, number)
        except BadData as error:
            first, bad = first or error, bad + 1
            continue
        yield reading
        is_empty = False
    if first is not None:
        rest = ("", " So is 1 more line.")[bad - 1] if bad < 3 else f" So are {bad - 1:,} more lines."
        read_too = "" if is_empty else " The other records were read."
        first.message += f"{rest}{read_too}"
        first.args = (first.message, *first.args[1:])
        raise first
    if is_empty:
        raise UnreadableFile(f"“{path.name}” holds no record.", "Choose a file that holds text.", path=path)


def _lines(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Lines that are not blank, with their numbers; None for one that is too long."""
    number = 0
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
                yield number, None
                continue
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line


def record(line: bytes, path: Path, number: int) -> Reading:
    """Reading of one line. Raises BadData, which names the line."""
    try:
        fields = json.loads(line)
    except UnicodeDecodeError as error:
        raise BadData("the line is not UTF-8.", f"See byte {error.start} of it.", path=path, line=number) from None
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", "nested too deeply or out of range")
        raise BadData(f"the line is not JSON ({reason}).", _REMEDY, path=path, line=number) from None
    if not isinstance(fields, dict):
        raise BadData("the line is not a JSON object.", _REMEDY, path=path, line=number)
    identifier = _text(fields.get("_id", fields.get("id")))
    if not identifier.strip():
        raise BadData("the record has no id.", 'Give each record an "_id".', path=path, line=number)
    body = next((fields[key] for key in _TEXT_KEYS if key in fields), None)
    if not isinstance(body, str | list):
        raise BadData("the record has no text.", 'Give each record a "text".', path=path, line=number)
    nested = fields.get("metadata")
    facts: dict[str, Any] = {**(nested if isinstance(nested, dict) else {}), **fields}
    title = " ".join(_text(fields.get("title")).split())
    text = clean(" ".join(_several(body)) if isinstance(body, list) else body)
    return Reading(
        identifier=identifier,
        title=title or shorten(text) or identifier,
        # Where a record has only a title, that is its text too, so that a search finds it.
        pages=(Page(0, text if text.strip() else title),),
        kind=_text(facts.get("kind")) or "record",
        date=_text(facts.get("date")) or None,
        publisher=_text(facts.get("publisher")) or None,
        source_url=next((_text(facts[key]) for key in _URL_KEYS if facts.get(key)), None),
        themes=_several(facts.get("themes")),
        places=_several(facts.get("places")),
        sources=_several(facts.get("sources")),
        extra=_extra(facts),
    )


_REMEDY: Final = "Each line must be one JSON object with “_id”, “title” and “text”."


def _text(value: object) -> str:
    """A scalar as clean text; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return clean(str(value)).strip()


def _several(value: object) -> tuple[str, ...]:
    """Texts of a list of scalars, or of one scalar, without empty ones."""
    values = value if isinstance(value, list) else [value]
    return tuple(text for text in map(_text, values) if text)


def _extra(facts: Mapping[str, Any]) -> Mapping[str, str]:
    """Scalar fields that are no attribute of a reading."""
    other_fields = {clean(key): _text(value) for key, value in facts.items() if key not in _KNOWN}
    return MappingProxyType({key: value for key, value in other_fields.items() if value})
