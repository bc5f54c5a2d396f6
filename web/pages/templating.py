"""Filters and functions of the templates: wording, links, built assets. Registered once for the application."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Blueprint, url_for

from graph.iri import local_path
from graph.model import Mention, Source
from web.pages import links, wording
from web.pages.assets import Assets
from web.read_model import formatting
from web.read_model.reader import Ref

__all__ = ["PASSAGES_PER_PAGE", "document_path", "install", "passage_path", "plural", "sentence"]

PASSAGES_PER_PAGE = 60
"""Passages of a document on one page of the reading view."""

_PASSAGE = re.compile(r"(.+)/p(\d{1,9})")
_IRREGULAR = {"person": "people", "Person": "People"}
_PREFIXED_NAME = re.compile(r"[A-Za-z][\w.-]*:[\w.-]+")


def install(blueprint: Blueprint, base: str) -> None:
    """`base` is what minted IRIs start with."""
    assets = Assets(Path(__file__).parents[1] / "static" / "build")

    def asset(plain: str) -> str:
        return url_for("static", filename=f"build/{assets.name(plain)}")

    filters: dict[str, Callable[..., Any]] = {
        "as_date": formatting.date,
        "elapsed": wording.elapsed,
        "number": formatting.number,
        "short": formatting.short,
        "literal_text": wording.literal_text,
        "period": wording.period,
        "marked_pieces": wording.marked_pieces,
        "linked_pieces": wording.linked_pieces,
        "sources_of": wording.sources_of,
        "ground_of": wording.ground_of,
        "reliability_word": wording.reliability_word,
        "exact_form": wording.exact_form,
        "best_first": wording.best_first,
        "best_reliability_word": wording.best_reliability_word,
        "outside": links.outside,
        "plural": plural,
        "href": partial(links.href, base=base),
        "page_path": partial(links.page_path, base=base),
        "data_path": partial(links.data_path, base=base),
        "passage_path": partial(passage_path, base=base),
        "document_path": partial(document_path, base=base),
        "citation": citation,
        "sentence": sentence,
        "spans_of": spans_of,
    }
    for name, function in filters.items():
        blueprint.add_app_template_filter(function, name)
    blueprint.add_app_template_test(wording.is_numeric, "numeric")
    for name, value in {"asset": asset, "GROUNDS": wording.GROUNDS, "OUTWARD": links.OUTWARD, "ref_of": ref_of}.items():
        blueprint.app_context_processor(partial(dict, {name: value}))


def passage_path(iri: str, base: str) -> str:
    """The address at which a passage is read: a page of its document, at the paragraph."""
    match = _PASSAGE.fullmatch(iri)
    if match is None or local_path(iri, base) is None:
        return links.href(iri, base)
    index = int(match[2])
    start = index - index % PASSAGES_PER_PAGE
    return f"{links.with_query(links.page_path(match[1], base), start=start or None)}#p{index}"


def document_path(iri: str, base: str) -> str:
    """The address at which a document is read."""
    path = links.page_path(iri, base)
    return path if path.startswith("/page/document/") else links.with_query("/documents/read", iri=iri)


def citation(source: Source) -> str:
    """Publisher and date of a source in one phrase, as far as they are known."""
    return ", ".join(formatting.short(part, 80) for part in (source.publisher, formatting.date(source.date)) if part)


def sentence(text: str) -> str:
    """The text with a capital at its start; a prefixed name (`schema:name`) stays as it is.

    >>> sentence("founded by"), sentence("schema:foundingDate")
    ('Founded by', 'schema:foundingDate')
    """
    if _PREFIXED_NAME.fullmatch(text):
        return text
    return text[:1].upper() + text[1:]


def spans_of(mentions: Iterable[Mention], iri: str) -> list[tuple[int, int]]:
    """The spans at which an entity is mentioned."""
    return [(mention.start, mention.end) for mention in mentions if mention.entity == iri]


def ref_of(iri: str, refs: Mapping[str, Ref]) -> Ref:
    """The entity's link from `refs`; for an IRI not in it, a link whose label is the end of the IRI."""
    return refs.get(iri) or Ref(iri, re.split(r"[/#]", iri.rstrip("/#"))[-1] or iri)


def plural(word: str) -> str:
    """The plural of a class's label: of its last word before any bracket, and of both sides of an “or”.

    A prefixed name, which stands for a class without a label, stays as it is.

    >>> plural("city or town"), plural("schema:Organization")
    ('cities or towns', 'schema:Organization')
    """
    if _PREFIXED_NAME.fullmatch(word):
        return word
    if " or " in word:
        return " or ".join(plural(part) for part in word.split(" or "))
    head, bracket, note = word.partition(" (")
    if bracket:
        return plural(head) + bracket + note
    before, space, last = word.rpartition(" ")
    if last in _IRREGULAR:
        return before + space + _IRREGULAR[last]
    if re.search(r"[^aeiou]y$", last):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|ch|sh)$", last) else f"{word}s"
