"""Asides of a web page: menus, banners, notices and buttons, by the marks that the page itself gives them.

Marks are elements (`<nav>`), roles, well-known class names, and lists of short links. A class name alone proves little:
a block inside the article that holds running sentences is text, whether it is called "share" or "sidebar". What holds
more than a third of the page's words is never an aside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Any, Final

from graph.documents.html_text import is_hidden
from graph.documents.website_notices import is_notice

__all__ = ["MAX_ASIDE_SHARE", "Asides", "opened_in", "visible_words"]

MAX_ASIDE_SHARE: Final = 1 / 3
"""What holds more of a page's visible text is never left out."""
MAX_CHECKS: Final = 200
"""Elements that are measured and kept; after them nothing is left out, so that a hostile page takes no longer."""
MAX_MENU_WORDS: Final = 5
MIN_MENU_ITEMS: Final = 3
MIN_ROW_LINKS: Final = 4
MAX_LIST_NODES: Final = 600
"""A list with more elements is no menu."""
MIN_TEXT_WORDS: Final = 10
"""Words outside links from which a marked block may be text."""
MIN_QUESTION_WORDS: Final = 4
"""Words from which a button is the heading of what it opens."""
MAX_ANCESTORS: Final = 12
MAX_NODES: Final = 2_000
"""Of a larger block only the beginning is looked at."""
MAX_NAME_CHARS: Final = 500

_ROLES: Final = frozenset({"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar"})
_PARTS: Final = (
    r"(?:$|[\s_]|-(?:banner|bar|block|box|buttons?|container|form|inner|links?|list|message|notice|section|sign-?up|"
    r"wrapper))"
)
_ALWAYS: Final = re.compile(
    r"(?:^|[\s_-])(?:cookies?|newsletter|subscribe|advert(?:isement)?|ads?|popup|modal|"
    r"related-?(?:posts|articles|links|content|stories)|editsection|cite-backlink)" + _PARTS,
    re.I,
)
_OFTEN: Final = re.compile(
    r"(?:^|[\s_-])(?:breadcrumbs?|skip-?links?|nav|navbar|navigation|menu|masthead|share|sharing|social|"
    r"share-?(?:bar|buttons|links|this)|social-?(?:links|media|share)|sidebar|site-?(?:header|footer)|footer|"
    r"pagination|related)" + _PARTS,
    re.I,
)
_EDGES: Final = frozenset({"sidebar", "footer", "masthead"})
_HEADS_BUTTON: Final = re.compile(r"accordion|collaps|question|faq|toggle", re.I)
_END: Final = re.compile(r"[.!?…][\"'”’)\]]*\s*$")
_SPACES: Final = frozenset({"main", "article"})
_LOOSE_MENUS: Final = frozenset({"div", "td", "p", "center", "span"})
_SECTIONS: Final = frozenset({"section", "blockquote", "td", "li", "main", "article"})
_CONTROLS: Final = frozenset({"a", "button", "input", "form", "select"})


def opened_in(tree: Any) -> frozenset[str]:
    """Identifiers of the elements that the page's controls open and close: panels of tabs and of accordions."""
    opened: set[str] = set()
    for element in tree.iter("button", "a", "div", "span", "li", "summary", "label", "h2", "h3", "h4"):
        attributes = element.attrib
        for name in ("aria-controls", "data-target", "data-bs-target"):
            if name in attributes:
                opened.update(attributes[name].replace("#", " ").split())
        if attributes.get("role") == "tab" and str(attributes.get("href") or "").startswith("#"):
            opened.add(attributes["href"][1:])
    return frozenset(opened)


def visible_words(root: Any, opened: Collection[str] = ()) -> Iterator[tuple[str, Any, int]]:
    """Each visible element as ("element", it, 0), and each of its texts as ("words", it, their number)."""
    from lxml import etree

    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            if element.tail and element is not root:
                yield "words", element, len(element.tail.split())
            continue
        if not isinstance(element.tag, str) or is_hidden(element.tag, element.attrib, opened):
            walk.skip_subtree()
            continue
        yield "element", element, 0
        if element.text:
            yield "words", element, len(element.text.split())


class Asides:
    """Judge of a page's elements, told in order which ones are entered and left."""

    def __init__(self, root: Any, visible_words: int, opened: Collection[str]) -> None:
        self.opened = opened
        self._root = root
        self._limit = MAX_ASIDE_SHARE * visible_words
        self._checks = 0
        self._inside: list[Any] = []
        self._has_spaces = _is_space(root) or root.find(".//article") is not None or root.find(".//main") is not None

    def enter(self, element: Any) -> None:
        """An element that is no aside begins."""
        if _is_space(element) or _is_heading(element.tag):
            self._inside.append(element)

    def leave(self, element: Any) -> None:
        """An element that is no aside ends."""
        if self._inside and self._inside[-1] is element:
            self._inside.pop()

    def has(self, element: Any, before: Callable[[], str]) -> bool:
        """Whether the element is marked as something else than text, and small enough to be that.

        `before` ends the block of text before it, and gives it.
        """
        tag = element.tag
        if element is self._root or tag in ("html", "body", "main", "article") or self._checks >= MAX_CHECKS:
            return False
        in_article = any(map(_is_space, self._inside))
        if tag == "button":
            return not (self._inside and _is_heading(self._inside[-1].tag)) and not _heads_panel(element)
        if tag in ("ul", "ol") and not in_article:
            return self._judge(_is_menu(element, before()))
        if tag in _LOOSE_MENUS and not in_article and _is_row_of_links(element):
            return True
        if _is_marked(element, in_article):
            is_section_head = tag == "header" and bool(before())
            return self._judge(not is_section_head and self._is_small(element))
        named = "" if _is_heading(tag) else _named(element)
        if not named:
            return False
        is_text = named != "always" and self._may_be_text(named, in_article) and _reads_as_text(element)
        return self._judge(not is_text and self._is_small(element))

    def _may_be_text(self, name: str, in_article: bool) -> bool:
        """Whether a block of this name may be part of the text: inside the article, or on a page without one."""
        return in_article or (not self._has_spaces and name not in _EDGES)

    def _judge(self, verdict: bool) -> bool:
        self._checks += not verdict
        return verdict

    def _is_small(self, element: Any) -> bool:
        words = 0
        for _, _, count in visible_words(element, self.opened):
            words += count
            if words > self._limit:
                return False
        return True


def _is_space(element: Any) -> bool:
    return element.tag in _SPACES or element.get("role") in _SPACES


def _is_heading(tag: str) -> bool:
    return (len(tag) == 2 and tag[0] == "h" and tag[1] in "123456") or tag == "summary"


def _is_marked(element: Any, in_article: bool) -> bool:
    """Whether the element or its role says that it is an aside."""
    tag = element.tag
    if tag == "nav" or element.get("role") in _ROLES:
        return True
    if in_article or tag not in ("footer", "aside", "header"):
        return False
    if tag == "aside":
        return True
    if any(parent.tag in _SECTIONS for parent in _ancestors(element)):
        return False  # of a section, a quotation, a comment
    return tag == "footer" or element.find(".//h1") is None


def _ancestors(element: Any) -> Iterator[Any]:
    for number, parent in enumerate(element.iterancestors()):
        if number >= MAX_ANCESTORS:
            return
        yield parent


def _named(element: Any) -> str:
    """ "always" for the class name of an aside, the name itself where it may be one; "" for others."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}"[:MAX_NAME_CHARS]
    if len(names) < 2:
        return ""
    if _ALWAYS.search(names):
        return "always"
    match = _OFTEN.search(names)
    return match.group().strip(" _-").lower() if match else ""


def _reads_as_text(element: Any) -> bool:
    """Whether a block holds running sentences, or words and no control: most of its words stand outside links."""
    plain = linked = controls = 0
    has_sentence = False
    for node in islice(element.iter(), MAX_NODES):
        if not isinstance(node.tag, str):
            continue
        is_control = node.tag in _CONTROLS
        controls += is_control
        text = node.text or ""
        linked, plain = linked + len(text.split()) * is_control, plain + len(text.split()) * (not is_control)
        if node is not element:
            plain += len((node.tail or "").split())
        for part in (text, (node.tail or "") if node is not element else ""):
            has_sentence = has_sentence or _END.search(part[-12:]) is not None
    if not controls:
        return bool(plain) and (has_sentence or plain >= MIN_TEXT_WORDS)
    return has_sentence and plain >= MIN_TEXT_WORDS and plain > linked


def _heads_panel(button: Any) -> bool:
    """Whether a button is the heading of a panel that it opens, as in a list of questions."""
    text = " ".join("".join(button.itertext()).split())
    if is_notice(text):
        return False
    named = _HEADS_BUTTON.search((button.get("class") or "")[:MAX_NAME_CHARS]) is not None
    return bool(text) and (named or text.endswith("?") or len(text.split()) >= MIN_QUESTION_WORDS)


def _is_row_of_links(element: Any) -> bool:
    """Whether a block holds nothing but short links, at least four, with breaks and marks between them."""
    links = 0
    texts = [element.text or ""]
    for child in element.iterchildren():
        if child.tag not in ("a", "br", "img"):
            return False
        texts.append(child.tail or "")
        if child.tag == "a":
            links += 1
            if len("".join(child.itertext()).split()) > MAX_MENU_WORDS:
                return False
    return links >= MIN_ROW_LINKS and not any(char.isalnum() for text in texts for char in text)


def _is_menu(items: Any, before: str) -> bool:
    """Whether a list consists of short links only; a list that a heading or a colon announces is one of the text."""
    words = linked = 0
    links: list[str] = []
    for number, node in enumerate(items.iter()):
        if number > MAX_LIST_NODES or not isinstance(node.tag, str):
            return False
        if node.tag == "a":
            links.append(" ".join("".join(node.itertext()).split()))
            linked += len(links[-1].split())
        words += len((node.text or "").split()) + (len((node.tail or "").split()) if node is not items else 0)
    if len(links) < MIN_MENU_ITEMS or linked < words or words > MAX_MENU_WORDS * len(links):
        return False
    title = before.lstrip("# ")
    is_announced = (title != before or before.endswith(":")) and not is_notice(title)
    return not is_announced or any(label.lower() == "home" or is_notice(label) for label in links if label)
