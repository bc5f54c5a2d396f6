"""Main content of a web page: which of its visible words are its text, and which are menus, banners and notices.

Only what the page itself marks is left out (`<nav>`, roles, well-known class names, lists of short links outside the
article), and only where it is a small part of the page. Share of the visible words that were kept: `Content.share`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Final

from graph.documents.html_text import TextBuilder, is_hidden

__all__ = ["Content", "content_of", "content_of_deep_page", "parse"]

MAX_ASIDE_SHARE: Final = 1 / 3
"""What holds more of a page's visible text is never left out."""
MAX_CHECKS: Final = 200
"""Elements that are measured and kept; after them nothing is left out, so that a hostile page takes no longer."""
MAX_MENU_WORDS: Final = 5
MIN_MENU_ITEMS: Final = 3

_ROLES: Final = frozenset({"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar"})
_NAMES: Final = re.compile(
    r"(?:^|[\s_-])(?:cookies?|breadcrumbs?|skip-?links?|nav|navbar|navigation|menu|masthead|share|sharing|social|"
    r"share-?(?:bar|buttons|links|this)|social-?(?:links|media|share)|sidebar|newsletter|subscribe|site-?(?:header|footer)|"
    r"footer|advert(?:isement)?|ads?|popup|modal|pagination|related(?:-?(?:posts|articles|links|content|stories))?)"
    r"(?:$|[\s_]|-(?:banner|bar|block|box|buttons?|container|inner|links?|list|message|notice|section|wrapper))",
    re.I,
)
_SILENT: Final = frozenset({"script", "style", "template", "noscript"})
_SPACES: Final = frozenset({"main", "article"})


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
    visible, main_words, main = 0, 0, None
    for event, element, words in _visible_words(tree):
        if event == "words":
            visible += words
        elif main is None and (element.tag == "main" or element.get("role") == "main"):
            main = element
    if main is not None:
        main_words = sum(words for event, _, words in _visible_words(main) if event == "words")
    root = main if main is not None and main_words > MAX_ASIDE_SHARE * visible else tree
    text = _Walk(visible).text(root) or _Walk(0).text(tree)  # a page of menus only: they are its text
    return Content(text, _words(text), visible)


def content_of_deep_page(page: str) -> Content:
    """All visible text of a page that is nested too deeply for a tree."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    text = reader.builder.result()
    return Content(text, reader.words, reader.words)


def _visible_words(root: Any) -> Iterator[tuple[str, Any, int]]:
    """Each visible element as ("element", it, 0), and each of its texts as ("words", it, their number)."""
    from lxml import etree

    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            if element.tail and element is not root:
                yield "words", element, len(element.tail.split())
            continue
        if not isinstance(element.tag, str) or is_hidden(element.tag, element.attrib):
            walk.skip_subtree()
            continue
        yield "element", element, 0
        if element.text:
            yield "words", element, len(element.text.split())


class _Walk:
    """Walk over a page's tree that builds its text and leaves out what is not part of it."""

    def __init__(self, visible_words: int) -> None:
        self._limit = MAX_ASIDE_SHARE * visible_words
        self._checks = 0
        self._inside: list[str] = []

    def text(self, root: Any) -> str:
        from lxml import etree

        builder = TextBuilder()
        walk = etree.iterwalk(root, events=("start", "end"))
        skipped: Any = None
        for event, element in walk:
            tag = element.tag
            if event == "start":
                if not isinstance(tag, str) or is_hidden(tag, element.attrib) or self._is_aside(element, root):
                    skipped = element
                    walk.skip_subtree()
                    continue
                if tag in _SPACES or _is_heading(tag):
                    self._inside.append(tag)
                builder.start(tag)
                if element.text:
                    builder.text(element.text)
                continue
            if element is not skipped:
                builder.end(tag)
                if self._inside and self._inside[-1] == tag:
                    self._inside.pop()
            elif isinstance(tag, str) and tag not in _SILENT:
                builder.text(" ")  # a control or a picture stands between the words
            if element.tail and element is not root:
                builder.text(element.tail)
        return builder.result()

    def _is_aside(self, element: Any, root: Any) -> bool:
        """Whether the element is marked as something else than text, and small enough to be that."""
        if element is root or element.tag in ("html", "body", "main", "article") or self._checks >= MAX_CHECKS:
            return False
        tag, in_article = element.tag, any(name in _SPACES for name in self._inside)
        if tag == "button":
            return not self._inside or not _is_heading(self._inside[-1])
        if tag in ("ul", "ol") and not in_article:
            return self._judge(_is_menu(element))
        marked = tag == "nav" or element.get("role") in _ROLES
        if not in_article:
            marked = marked or tag in ("footer", "aside") or (tag == "header" and element.find(".//h1") is None)
        if not marked and not _is_heading(tag):
            names = f"{element.get('class') or ''} {element.get('id') or ''}"
            marked = len(names) > 1 and _NAMES.search(names[:500]) is not None
        return marked and self._judge(self._is_small(element))

    def _judge(self, verdict: bool) -> bool:
        self._checks += not verdict
        return verdict

    def _is_small(self, element: Any) -> bool:
        words = 0
        for _, _, count in _visible_words(element):
            words += count
            if words > self._limit:
                return False
        return True


def _is_heading(tag: str) -> bool:
    return (len(tag) == 2 and tag[0] == "h" and tag[1] in "123456") or tag == "summary"


def _is_menu(items: Any) -> bool:
    """Whether a list consists of short links only."""
    words = linked = links = 0
    for number, node in enumerate(items.iter()):
        if number > 600 or not isinstance(node.tag, str):
            return False
        if node.tag == "a":
            links += 1
            linked += len("".join(node.itertext()).split())
        words += len((node.text or "").split()) + (len((node.tail or "").split()) if node is not items else 0)
    return links >= MIN_MENU_ITEMS and linked >= words and words <= MAX_MENU_WORDS * links


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
