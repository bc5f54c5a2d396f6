"""Text of a web page's elements: tags and texts in order become headings, paragraphs, list items and table rows.

No word is lost and no two words that stand apart on the screen are glued: `<br>` breaks the line, every block element
begins a block, and a cell is one line. Layout tables, whose cells hold several long blocks, are taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["INVISIBLE", "TextBuilder", "is_hidden", "shown_as"]

INVISIBLE: Final = frozenset(
    {
        "head", "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "canvas",
        "audio", "video", "map", "datalist", "select", "option", "frameset", "noframes", "applet", "title",
        "annotation", "annotation-xml",
    }
)  # fmt: skip
"""Elements whose text a browser does not show, or shows as a control or a picture."""

_BLOCKS: Final = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "dir", "div",
        "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frame", "h1", "h2", "h3", "h4", "h5",
        "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "p",
        "pre", "search", "section", "summary", "table", "tbody", "tfoot", "thead", "caption", "tr", "td", "th",
        "ul", "textarea", "label",
    }
)  # fmt: skip
_CELLS: Final = frozenset({"td", "th"})
_HEADING: Final = re.compile(r"h([1-6])")
_LEVELS: Final = frozenset("123456")
_BLOCK_STYLE: Final = re.compile(r"display\s*:\s*(?:block|flex|grid|table|list-item)", re.I)
_HIDING: Final = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b", re.I)
_LINE: Final = re.compile(r" *\n *")
_BLANKS: Final = re.compile(r"[ \t\n\r\f\v]+")

MAX_NESTED_TABLES: Final = 16
"""Tables inside tables that keep their rows; deeper ones are read cell by cell."""
MAX_CELL_CHARS: Final = 600
"""A cell with several blocks and more text than that lays out a page; it is no value of a table."""


def is_hidden(tag: str, attributes: Mapping[str, str | None], opened: Collection[str] = ()) -> bool:
    """Whether a browser does not show the element, as far as the page itself tells (without style sheets).

    `opened`: identifiers of the elements that a control of the page opens; like panels of tabs they are only folded.
    """
    if tag in INVISIBLE or (tag == "dialog" and "open" not in attributes):
        return True
    folded = attributes.get("role") == "tabpanel" or attributes.get("id") in opened
    if not folded and "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    style = attributes.get("style")
    if style and not folded and _HIDING.search(style):
        return True
    return tag in ("i", "span") and attributes.get("aria-hidden") == "true"  # icons


def shown_as(tag: str, attributes: Mapping[str, str | None]) -> str:
    """Name of the element as which a browser shows this one: what is styled as a block, or marked as a heading."""
    if attributes.get("role") == "heading":
        level = attributes.get("aria-level") or ""
        return f"h{level}" if level in _LEVELS else "h2"
    style = attributes.get("style")
    return "div" if style and tag not in _BLOCKS and _BLOCK_STYLE.search(style) else tag


@dataclass(slots=True)
class _Table:
    """An open table: the blocks of each cell of the open row, and where text outside rows goes."""

    cells: list[list[str]] = field(default_factory=list)


class TextBuilder:
    """Collector of the blocks of a page, fed with its tags and texts in order.

    >>> builder = TextBuilder()
    >>> for tag, text in (("p", "one"), ("br", "two")):
    ...     builder.start(tag)
    ...     builder.text(text)
    >>> builder.end("p")
    >>> builder.result()
    'one\\ntwo'
    """

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._tables: list[_Table] = []
        self._skipped_tables = 0
        self._parts: list[str] = []
        self._heading = ""
        self._item = ""
        self._pre = 0

    def start(self, tag: str) -> None:
        """An element begins."""
        if tag == "br":
            self._parts.append("\v")
            return
        if tag in ("img", "input") or "-" in tag:  # elements of the page's own making are rarely parts of a word
            self._parts.append(" ")
        if tag not in _BLOCKS:
            return
        self._flush()
        if match := _HEADING.fullmatch(tag):
            self._heading = "#" * int(match.group(1)) + " "
        elif tag == "li":
            self._item = "- "
        elif tag == "pre":
            self._pre += 1
        elif tag == "table":
            self._open_table()
        elif tag == "tr":
            self._end_row()
        elif tag in _CELLS and self._tables and not self._skipped_tables:
            self._tables[-1].cells.append([])

    def end(self, tag: str) -> None:
        """An element ends."""
        if "-" in tag:
            self._parts.append(" ")
        if tag not in _BLOCKS:
            return
        self._flush()
        if _HEADING.fullmatch(tag):
            self._heading = ""
        elif tag == "li":
            self._item = ""
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        elif tag == "tr":
            self._end_row()
        elif tag == "table":
            self._close_table()

    def text(self, text: str) -> None:
        """Text between tags."""
        if self._pre and not self._tables:
            text = text.replace("\r\n", "\v").replace("\n", "\v")
        self._parts.append(text)

    def result(self) -> str:
        """Text of everything so far: blocks with a blank line between them."""
        self._flush()
        while self._tables:
            self._close_table()
        return "\n\n".join(self._blocks)

    def last(self) -> str:
        """The last block so far, without what stands in an open table."""
        self._flush()
        return self._blocks[-1] if self._blocks else ""

    def _open_table(self) -> None:
        if len(self._tables) >= MAX_NESTED_TABLES:
            self._skipped_tables += 1
        else:
            self._tables.append(_Table())

    def _close_table(self) -> None:
        if self._skipped_tables:
            self._skipped_tables -= 1
        elif self._tables:
            self._end_row()
            self._tables.pop()

    def _target(self) -> list[str]:
        """Where a block goes: the innermost open cell, else the page."""
        for table in reversed(self._tables):
            if table.cells:
                return table.cells[-1]
        return self._blocks

    def _end_row(self) -> None:
        if self._skipped_tables or not self._tables:
            return
        table = self._tables[-1]
        cells, table.cells = table.cells, []
        if not any(cells):
            return
        target = self._target()
        if len(cells) == 1 or any(_lays_out(cell) for cell in cells):
            for cell in cells:
                target.extend(cell)
        else:
            target.append(" | ".join(" ".join(" ".join(cell).split()) for cell in cells))

    def _flush(self) -> None:
        """End the block: what was collected becomes one, or several where empty lines part it."""
        if not self._parts:
            return
        text = _LINE.sub("\n", _BLANKS.sub(_blank, "".join(self._parts))).strip()
        self._parts = []
        if not text:
            return
        target = self._target()
        prefix = self._heading or ("" if target is not self._blocks else self._item)
        if self._heading:
            text = " ".join(text.split())
        self._item = ""
        target.append(prefix + text)


def _blank(match: re.Match[str]) -> str:
    """A run of blanks as the screen shows it: one blank, one new line, or an empty line."""
    breaks = match.group().count("\v")
    return " " if not breaks else "\n" if breaks == 1 else "\n\n"


def _lays_out(cell: list[str]) -> bool:
    """Whether a cell holds a part of a page, not a value of a table."""
    return len(cell) > 1 and (any(block.startswith("#") for block in cell) or sum(map(len, cell)) > MAX_CELL_CHARS)
