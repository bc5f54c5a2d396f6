"""The HTML pages. Their routes; what they show is worked out in `web.pages`.

Everything works without scripts: htmx only swaps the part of a page that changed, and the drawing of a
neighbourhood stands beside a list that says the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from flask import Blueprint, Response, render_template, request

from web.pages import documents, entity, search, templating, why
from web.pages.drawing.density_contours import SIZE, contours
from web.pages.drawing.maps import map_of_spots
from web.pages.sparql import render_workbench
from web.read_model.reader import Atlas, Disagreement

__all__ = ["blueprint", "render_workbench"]

SECONDS_PER_YEAR = 365 * 24 * 3600

P = ParamSpec("P")
R = TypeVar("R")


def blueprint(now: Callable[[], Atlas], base: str) -> Blueprint:
    """The pages. `now` gives the live generation; each request calls it once. `base` is what minted IRIs start with.

    The route `/sparql` belongs to `web.sparql`, which calls `render_workbench` for browsers.
    """
    pages = Blueprint("pages", __name__)
    templating.install(pages, base)
    for rule, name, view in (
        ("/", "home", home),
        ("/search", "search", search.search),
        ("/entity", "entity", entity.by_iri),
        ("/entity/neighbours", "neighbours", entity.neighbours),
        ("/page/<path:name>", "page", entity.by_path),
        ("/browse", "browse", entity.members),
        ("/documents", "documents", documents.documents),
        ("/documents/read", "read", documents.read_by_iri),
        ("/documents/similar", "similar", documents.similar),
        ("/documents/<slug>", "document", documents.documents_by_slug),
        ("/why", "why", why.why),
        ("/disagreements", "disagreements", disagreements),
        ("/about", "about", about),
    ):
        pages.add_url_rule(rule, name, _bound(view, now))
    pages.after_app_request(_cache_assets)
    return pages


def _bound(page: Callable[Concatenate[Atlas, P], R], now: Callable[[], Atlas]) -> Callable[P, R]:
    """The page over the generation that is live when a request comes."""

    @wraps(page)
    def respond(*args: P.args, **kwargs: P.kwargs) -> R:
        return page(now(), *args, **kwargs)

    return respond


def home(atlas: Atlas) -> str:
    """GET /"""
    overview = atlas.overview()
    return render_template(
        "home.html",
        empty=atlas.is_empty(),
        overview=overview,
        disagreement=min(overview.disagreements, key=_terseness, default=None),
        collections=atlas.collections(),
        contours=contours(tuple((spot.latitude, spot.longitude) for spot in overview.spots)),
        contours_size=SIZE,
        map=map_of_spots(overview.spots),
    )


def _terseness(disagreement: Disagreement) -> tuple[bool, int]:
    """Three sides or more that can be read at a glance go before two that cannot."""
    return len(disagreement.positions) < 3, max((len(p.text) for p in disagreement.positions), default=0)


def disagreements(atlas: Atlas) -> str:
    """GET /disagreements"""
    return render_template("disagreements.html", disagreements=atlas.disagreements())


def about(atlas: Atlas) -> str:
    """GET /about"""
    return render_template("about.html", overview=atlas.overview())


def _cache_assets(response: Response) -> Response:
    """The built files carry a hash in their names, so a browser may keep them for good."""
    if request.path.startswith("/static/build/") and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={SECONDS_PER_YEAR}, immutable"
    return response
