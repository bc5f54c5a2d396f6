"""The list of documents, and the reading view of one with its entities linked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from graph.errors import InputError
from graph.iri import local_path
from web.http.request_deadline import request_deadline
from web.pages.links import page_path, with_query
from web.pages.templating import PASSAGES_PER_PAGE, passage_path
from web.read_model.reader import Atlas, MarkedPassage

__all__ = ["documents", "documents_by_slug", "read", "read_by_iri", "similar"]

DOCUMENTS_PER_PAGE: Final = 50
SIMILAR_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class _Line:
    """A passage on the page, with its heading and page number where they change."""

    marked: MarkedPassage
    heading: str = ""
    page: int = 0


def documents(atlas: Atlas) -> str:
    """GET /documents"""
    collection, start = request.args.get("collection") or None, _start()
    return render_template(
        "documents.html",
        empty=atlas.is_empty(),
        documents=atlas.documents(collection, DOCUMENTS_PER_PAGE, start),
        collection=collection,
        collections=atlas.collections(),
        start=start,
        step=DOCUMENTS_PER_PAGE,
    )


def documents_by_slug(atlas: Atlas, slug: str) -> BaseResponse:
    """GET /documents/<slug>: a short address of the reading view."""
    return redirect(page_path(f"{atlas.base}document/{slug}", atlas.base), 302)


def read_by_iri(atlas: Atlas) -> str | BaseResponse:
    """GET /documents/read?iri=…: a document whose IRI was not minted here."""
    return read(atlas, request.args.get("iri", ""))


def read(atlas: Atlas, iri: str) -> str | BaseResponse:
    """Some passages of a document; the IRI of a passage redirects to its place in the document."""
    name = local_path(iri, atlas.base) or ""
    if name.count("/") == 4:
        return redirect(passage_path(iri, atlas.base), 302)
    start = _start()
    view = atlas.document(iri, PASSAGES_PER_PAGE, start)
    address = page_path(view.document.iri, atlas.base)
    return render_template(
        "reading.html",
        view=view,
        document=view.document,
        lines=_lines(view.passages.items),
        entities={entity.iri: entity for entity in view.entities},
        before=with_query(address, start=max(0, start - PASSAGES_PER_PAGE) or None) if start else None,
        after=with_query(address, start=start + PASSAGES_PER_PAGE)
        if start + PASSAGES_PER_PAGE < view.passages.total
        else None,
    )


def similar(atlas: Atlas) -> str:
    """GET /documents/similar?iri=…: passages like one passage."""
    iri = request.args.get("iri", "")
    return render_template(
        "similar.html",
        iri=iri,
        similar=atlas.similar(iri, SIMILAR_SHOWN, request_deadline(request.environ)),
        passage=atlas.passage(iri),
    )


def _lines(passages: tuple[MarkedPassage, ...]) -> list[_Line]:
    lines: list[_Line] = []
    heading, page = "", 0
    for marked in passages:
        current = marked.passage.heading[-1] if marked.passage.heading else ""
        lines.append(
            _Line(
                marked,
                heading=current if current != heading else "",
                page=marked.passage.page if marked.passage.page != page else 0,
            )
        )
        heading, page = current, marked.passage.page
    return lines


def _start() -> int:
    raw = request.args.get("start", "0")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10):
        raise InputError(f"“start” is “{raw[:40]}”.", "Give a whole number from 0.")
    return int(raw)
