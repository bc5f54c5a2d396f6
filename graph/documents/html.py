"""Reader of HTML: main content with headings, and metadata by trafilatura, in a sandboxed child process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from graph.documents import isolation, sniff
from graph.documents.encoding import clean
from graph.documents.html_content import content_of, content_of_deep_page, parse
from graph.documents.html_encoding import decode_page, load_codecs
from graph.documents.text import no_text, shorten, title_of
from graph.model import Page, Reading

__all__ = ["extract", "read"]

_PLAIN_DATE: Final = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")

MAX_METADATA_BYTES: Final = 4 * 1024 * 1024
"""Of a larger page only the head is searched for metadata."""
MIN_KEPT_SHARE: Final = 0.5
"""Where less of the visible words is kept, the user is told."""


def read(path: Path) -> Reading:
    """One reading with one page numbered 0, headings as `# ` lines. Raises UnreadableFile."""
    if path.stat().st_size > sniff.MAX_TEXT_BYTES:
        raise sniff.too_large(path, sniff.MAX_TEXT_BYTES)
    answer = isolation.run("html", path)
    text = clean(str(answer["text"]))
    if not text.strip():
        raise no_text(path)
    name = clean(path.name)

    def fact(key: str) -> str | None:
        value = answer.get(key)
        return " ".join(clean(value).split()) or None if isinstance(value, str) else None

    date = fact("date")
    return Reading(
        identifier=name,
        title=shorten(fact("title") or title_of(text) or path.stem),
        pages=(Page(0, text),),
        kind="html",
        date=date if date and _PLAIN_DATE.fullmatch(date) else None,
        publisher=fact("publisher"),
        source_url=fact("url"),
        notes=_notes(int(answer["kept"]), int(answer["visible"])),
    )


def _notes(kept: int, visible: int) -> tuple[str, ...]:
    """What the user is told about a page of which much was left out."""
    if kept >= MIN_KEPT_SHARE * visible:
        return ()
    share = f"{100 * kept // visible}% of the page’s {visible:,} visible words were kept"
    return (f"{share}; the rest looked like menus and notices.",)


def extract(data: bytes | None) -> dict[str, Any]:
    """Extract text and metadata, or `error`; runs in the child. Without data it loads all modules, on a small page."""
    if data is None:
        _preload()
        data = _WARM_UP
    page = decode_page(data)
    tree, is_whole = parse(page)
    content = content_of(tree) if is_whole else content_of_deep_page(page)
    facts = _metadata(tree, len(data)) if tree is not None else {}
    return {"text": content.text, "kept": content.kept_words, "visible": content.visible_words, **facts}


def _metadata(tree: Any, size: int) -> dict[str, str | None]:
    """Title, date, publisher and address, where the page tells them."""
    from lxml import etree
    from trafilatura.metadata import extract_metadata

    if size > MAX_METADATA_BYTES:
        head = tree.find("head")
        if head is None:
            return {}
        tree = etree.Element("html")
        tree.append(head)
    try:
        facts = extract_metadata(tree, date_config={"extensive_search": False, "original_date": True}).as_dict()
    except Exception:  # metadata are a help: a page whose head breaks their reader still has a text
        return {}
    return {
        "title": facts.get("title"),
        "date": facts.get("date"),
        "publisher": facts.get("sitename"),
        "url": facts.get("url"),
    }


def _preload() -> None:
    """Load what would be opened in the middle of a page: codecs, entities, top-level domains, late imports."""
    import time

    from tld import get_tld

    load_codecs()
    time.strptime("2020", "%Y")
    "example".encode("idna")
    get_tld("https://www.example.co.uk/", fail_silently=True)  # otherwise it would load its list from the network
    content_of_deep_page("<p>x &amp; y</p>")


_WARM_UP: Final = (
    b"<html><head><title>T</title><meta name='date' content='2020-01-01'></head><body><article><h1>T</h1>"
    + b"<p>Words enough to be taken for an article, one sentence after another, so that every step runs.</p>" * 5
    + b"<ul><li>one</li></ul></article></body></html>"
)
