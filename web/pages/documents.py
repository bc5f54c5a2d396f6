"""Documents: the list, and one of them to read with its entities linked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from graph.errors import InputError
from graph.iri import local_path
from web.pages.links import page_path, with_query
from web.pages.templating import PASSAGES_SHOWN, passage_path
from web.read_model.reader import Atlas, MarkedPassage

__all__ = ["documents", "documents_by_slug", "read", "read_by_iri", "similar"]

DOCUMENTS_SHOWN: Final = 50
SIMILAR_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class _Line:
    """A passage as it stands on the page: with the heading and the page number where they change."""

    marked: MarkedPassage
    heading: str = ""
    page: int = 0


def documents(atlas: Atlas) -> str:
    """GET /documents"""
    collection, start = request.args.get("collection") or None, _start()
    return render_template(
        "documents.html",
        empty=atlas.is_empty(),
        found=atlas.documents(collection, DOCUMENTS_SHOWN, start),
        collection=collection,
        collections=atlas.collections(),
        start=start,
        step=DOCUMENTS_SHOWN,
    )


def documents_by_slug(atlas: Atlas, slug: str) -> BaseResponse:
    """GET /documents/<slug>: a short address for the reading view."""
    return redirect(page_path(f"{atlas.base}document/{slug}", atlas.base), 302)


def read_by_iri(atlas: Atlas) -> str | BaseResponse:
    """GET /documents/read?iri=…: a document whose IRI was not minted here."""
    return read(atlas, request.args.get("iri", ""))


def read(atlas: Atlas, iri: str) -> str | BaseResponse:
    """A slice of a document; the IRI of a passage leads to its place in it."""
    name = local_path(iri, atlas.base) or ""
    if name.count("/") == 4:
        return redirect(passage_path(iri, atlas.base), 302)
    start = _start()
    view = atlas.document(iri, PASSAGES_SHOWN, start)
    address = page_path(view.document.iri, atlas.base)
    return render_template(
        "reading.html",
        view=view,
        document=view.document,
        lines=_lines(view.passages.items),
        entities={entity.iri: entity for entity in view.entities},
        before=with_query(address, start=max(0, start - PASSAGES_SHOWN) or None) if start else None,
        after=with_query(address, start=start + PASSAGES_SHOWN)
        if start + PASSAGES_SHOWN < view.passages.total
        else None,
    )


def similar(atlas: Atlas) -> str:
    """GET /documents/similar?iri=…: passages like one passage."""
    iri = request.args.get("iri", "")
    return render_template("similar.html", iri=iri, found=atlas.similar(iri, SIMILAR_SHOWN), passage=atlas.passage(iri))


def _lines(passages: tuple[MarkedPassage, ...]) -> list[_Line]:
    lines: list[_Line] = []
    heading, page = "", 0
    for marked in passages:
        here = marked.passage.heading[-1] if marked.passage.heading else ""
        lines.append(
            _Line(
                marked,
                heading=here if here != heading else "",
                page=marked.passage.page if marked.passage.page != page else 0,
            )
        )
        heading, page = here, marked.passage.page
    return lines


def _start() -> int:
    raw = request.args.get("start", "0")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10):
        raise InputError(f"“{raw[:40]}” is no place in a list.", "Lists are counted from 0.")
    return int(raw)
