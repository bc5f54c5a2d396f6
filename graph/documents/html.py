"""Reader of HTML by trafilatura: main content with headings, and metadata, in a sandboxed child process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from graph.documents import isolation, sniff
from graph.documents.encoding import clean
from graph.documents.text import no_text, shorten, title_of
from graph.model import Page, Reading

__all__ = ["extract", "read"]

_LEVEL: Final = re.compile(r"h([1-6])")
_PLAIN_DATE: Final = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


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
    )


def extract(data: bytes | None) -> dict[str, Any]:
    """Extract text and metadata, or `error`; runs in the child. Without data it loads all modules, on a small page."""
    import trafilatura

    if data is None:
        _preload()
    page = _WARM_UP if data is None else data
    tree = trafilatura.load_html(page)
    if tree is None:  # too short to pass for a page
        page = b"<html><body>" + page + b"</body></html>"
        tree = trafilatura.load_html(page)
    if tree is None:
        return {"error": "holds no HTML that can be read"}
    try:
        facts = _main_content(tree)
    except OSError:
        facts = {}  # a helper tried to open a file, which the sandbox forbids: the plain extraction follows
    body = facts.get("body")
    text = "\n\n".join(_blocks(body)) if body is not None else ""
    if not text.strip():
        text = trafilatura.html2txt(page)
    return {
        "text": text,
        "title": facts.get("title"),
        "date": facts.get("date"),
        "publisher": facts.get("sitename"),
        "url": facts.get("url"),
    }


def _main_content(tree: Any) -> dict[str, Any]:
    """Body, as trafilatura's tree, and metadata; empty where it finds no main content."""
    import trafilatura

    content = trafilatura.bare_extraction(
        tree,
        include_comments=False,
        include_tables=True,
        include_formatting=False,
        date_extraction_params={"extensive_search": False, "original_date": True},
        with_metadata=True,
        config=_config(),
    )
    if content is None:
        return {}
    return content if isinstance(content, dict) else content.as_dict()


@lru_cache(maxsize=1)
def _config() -> Any:
    """Settings of trafilatura, for short texts too. They are in a file, so they are read before the sandbox closes."""
    from trafilatura.settings import use_config

    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "100")
    config.set("DEFAULT", "MIN_OUTPUT_SIZE", "1")
    return config


def _preload() -> None:
    """Load what trafilatura would open in the middle of a page: stop words, top-level domains, late imports."""
    import time

    from tld import get_tld
    from trafilatura import external, html2txt

    external.jt_stoplist_init()
    time.strptime("2020", "%Y")
    "example".encode("idna")
    get_tld("https://www.example.co.uk/", fail_silently=True)  # otherwise it would load its list from the network
    html2txt("<p>x</p>")


_WARM_UP: Final = (
    b"<html><head><title>T</title><meta name='date' content='2020-01-01'></head><body><article><h1>T</h1>"
    + b"<p>Words enough to be taken for an article, one sentence after another, so that every step runs.</p>" * 5
    + b"<ul><li>one</li></ul></article></body></html>"
)


def _blocks(element: Any) -> Iterator[str]:
    """Blocks of trafilatura's tree, in order: headings, paragraphs, items, table rows."""
    for node in element:
        if node.tag == "head":
            level = _LEVEL.match(node.get("rend") or "h2")
            yield "#" * int(level.group(1) if level else 2) + " " + _words(node)
        elif node.tag == "list":
            yield from (f"- {_words(item)}" for item in node if _words(item))
        elif node.tag == "table":
            for row in node.iter("row"):
                cells = [_words(cell) for cell in row.iter("cell")]
                if any(cells):
                    yield " | ".join(cells)
        elif node.tag in ("quote", "div") and len(node):
            yield from _blocks(node)
        elif text := _words(node):
            yield text
        if node.tail and node.tail.strip():
            yield " ".join(node.tail.split())


def _words(node: Any) -> str:
    return " ".join("".join(node.itertext()).split())
