"""Main content of a web page: which of its visible words are its text. Asides are judged by `html_asides`.

Only what the page itself marks is left out, and only where it is a small part of the page. Share of the visible words
that were kept: `Content.share`.
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Final

from graph.documents.html_asides import MAX_ASIDE_SHARE, Asides, opened_in, visible_words
from graph.documents.html_text import TextBuilder, is_hidden, shown_as

__all__ = ["Content", "content_of", "content_of_deep_page", "parse"]


_SILENT: Final = frozenset({"script", "style", "template", "noscript", "annotation", "annotation-xml"})
_APART: Final = frozenset({("a", "a"), ("del", "ins")})
"""Elements whose texts stand apart on the screen, though nothing is between them."""
MAX_MARK_CHARS: Final = 6


@dataclass(frozen=True, slots=True)
class Content:
    """Text of a page, and how many of its visible words are in it."""

    text: str
    kept_words: int
    visible_words: int

    @property
    def share(self) -> float:
        """Share of the visible words that were kept, from 0 to 1."""
        return min(1.0, self.kept_words / self.visible_words) if self.visible_words else 1.0


def parse(page: str) -> tuple[Any, bool]:
    """Tree of a page, and whether it is whole: deeper than 2,048 elements the parser gives up. None for no page."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(page.replace("\0", "\ufffd").encode("utf-8", "replace"), parser=parser)
    except etree.LxmlError:
        return None, False
    # The parser works with names, not with numbers, in the text of its log only.
    is_whole = not any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)
    return tree, is_whole


def content_of(tree: Any) -> Content:
    """Main content of a page's tree. Time is linear in its size."""
    opened = opened_in(tree)
    visible, main_words = 0, 0
    mains: list[Any] = []
    for event, element, words in visible_words(tree, opened):
        if event == "words":
            visible += words
        elif (element.tag == "main" or element.get("role") == "main") and not (mains and _is_in(element, mains[-1])):
            mains.append(element)
    main = mains[0] if len(mains) == 1 else None
    if main is not None:
        main_words = sum(words for event, _, words in visible_words(main, opened) if event == "words")
    root = main if main is not None and main_words > MAX_ASIDE_SHARE * visible else tree
    # A page of menus only: they are its text.
    text = _text(root, Asides(root, visible, opened)) or _text(tree, Asides(tree, 0, opened))
    return Content(text, _words(text), visible)


def _is_in(element: Any, other: Any) -> bool:
    return any(parent is other for parent in element.iterancestors("main", other.tag))


def content_of_deep_page(page: str) -> Content:
    """All visible text of a page that is nested too deeply for a tree."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    text = reader.builder.result()
    return Content(text, reader.words, reader.words)


def _text(root: Any, asides: Asides) -> str:
    """Text of an element without its asides."""
    from lxml import etree

    builder = TextBuilder()
    walk = etree.iterwalk(root, events=("start", "end"))
    skipped: Any = None
    ended = ""
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if (
                not isinstance(tag, str)
                or is_hidden(tag, element.attrib, asides.opened)
                or asides.has(element, builder.last)
            ):
                skipped = element
                walk.skip_subtree()
                continue
            if (ended, tag) in _APART:
                builder.text(" ")
            ended = ""
            asides.enter(element)
            builder.start(shown_as(tag, element.attrib))
            if element.text:
                builder.text(_marked(element, element.text))
            continue
        if element is not skipped:
            builder.end(shown_as(tag, element.attrib))
            asides.leave(element)
        elif isinstance(tag, str) and tag not in _SILENT:
            builder.text(" ")  # a control or a picture stands between the words
        ended = "" if element.tail else tag
        if element.tail and element is not root:
            builder.text(element.tail)
    return builder.result()


def _marked(element: Any, text: str) -> str:
    """Text of an element; the mark of a footnote in brackets, so that it is no part of the word before it."""
    if not text.strip().isdigit() or len(text) > MAX_MARK_CHARS:
        return text
    link, parent = element, element.getparent()
    if element.tag == "sup":
        link = parent
    elif parent is None or parent.tag != "sup" or (parent.text or "").strip():
        return text
    is_mark = link is not None and link.tag == "a" and str(link.get("href") or "").startswith("#")
    return f"[{text.strip()}]" if is_mark else text


def _words(text: str) -> int:
    """Number of words, without the marks of headings, items and cells."""
    return sum(1 for word in text.split() if any(map(str.isalnum, word)) or word.strip("#|-"))


class _Reader(HTMLParser):
    """Event reader without a tree, and so without a limit of depth."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = TextBuilder()
        self.words = 0
        self._hidden = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._hidden:
            self._depth += tag == self._hidden
        elif is_hidden(tag, dict(attrs)) and tag not in ("embed", "head"):
            self._hidden, self._depth = tag, 1
        else:
            self.builder.start(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._hidden:
            self.builder.end(tag)
        elif tag == self._hidden:
            self._depth -= 1
            if not self._depth:
                self._hidden = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += len(data.split())
            self.builder.text(data)
