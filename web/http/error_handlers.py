"""Errors as the asker understands them: problem+json for programs, a page for people."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, Response, current_app, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from graph.errors import AtlasError, Overloaded, UnknownEntity
from web.http.problems import problem, problem_response

__all__ = ["install_errors"]

_PROGRAMS = ("/api/", "/sparql", "/update", "/graph-store", "/data/", "/healthz", "/readyz", "/text2sparql")

_FILES = ("/dataset.", "/ontology.")
"""For programs, and for people who follow a link to a download: these ask for HTML by name."""

_KEPT = ("allow", "www-authenticate")
"""Headers of an HTTP error that belong to its meaning."""

log = logging.getLogger(__name__)


def install_errors(app: Flask) -> None:
    """Register the handlers. Unexpected errors are logged, and answered without their details."""

    @app.errorhandler(AtlasError)
    def ours(error: AtlasError) -> Response:
        if not _wants_page():
            return problem(error)
        nearest = error.nearest if isinstance(error, UnknownEntity) else ()
        return _page(error.status, error.title, error.message, error.remedy, nearest, error)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:  # redirects are exceptions too
            return make_response(error.get_response())
        title, detail = HTTPStatus(status).phrase, error.description or ""
        if status == 404:
            detail = "There is no page at this address."
        elif status == 413 and request.max_content_length:
            detail = f"What was sent is larger than the {request.max_content_length:,} bytes that are taken here."
        if not _wants_page():
            response = problem_response(status, title.lower().replace(" ", "-"), title, detail)
        else:
            response = _page(status, title, detail, "Search for it, or go back to the start.")
        response.headers.extend([each for each in error.get_headers() if each[0].lower() in _KEPT])
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.exception("unexpected error in %s", request.endpoint)
        if not _wants_page():
            return problem_response(500, "internal", "Something went wrong", "The error was logged. Try again later.")
        return _page(500, "Something went wrong", "This page failed; the error was logged.", "Try again later.")


def _wants_page() -> bool:
    if request.path.startswith(_PROGRAMS):
        return bool(g.get("page_wanted"))  # an endpoint may have told that this is a browser
    accepted = request.accept_mimetypes
    if request.path.startswith(_FILES) and "text/html" not in dict(accepted):
        return False
    return accepted.best_match(["text/html", "application/json"], default="text/html") == "text/html"


def _page(
    status: int,
    title: str,
    message: str,
    remedy: str,
    nearest: tuple[tuple[str, str], ...] = (),
    error: AtlasError | None = None,
) -> Response:
    body = render_template("error.html", status=status, title=title, message=message, remedy=remedy, nearest=nearest)
    response = current_app.make_response((body, status))
    if isinstance(error, Overloaded):
        response.headers["Retry-After"] = str(error.retry_after)
    return response
