"""Error handlers of the application: problem+json for programs, a page for people."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, current_app, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from graph.errors import AtlasError, GraphDamaged, UnknownEntity
from web.http.negotiation import names_html
from web.http.problems import problem, problem_response, public_text, retry_seconds, status_of

__all__ = ["install_errors"]

_PROGRAM_PATHS: Final = ("/api/", "/sparql", "/update", "/graph-store", "/data/", "/healthz", "/readyz", "/text2sparql")

_DOWNLOAD_PATHS: Final = ("/dataset.", "/ontology.")
"""For programs, and for people who follow a link to a download; these name HTML in Accept."""

_HEADERS_OF_ERRORS: Final = ("allow", "content-range", "www-authenticate")
"""Headers of an HTTP error that belong to its meaning."""

log = logging.getLogger(__name__)


Diagnosis = Callable[[BaseException], AtlasError | None]
"""Gives the error for the client where the storage is the cause of an error; None where it is not."""


def install_errors(app: Flask, diagnose: Diagnosis = lambda error: None) -> None:
    """Register the handlers. Unexpected errors are logged, and answered without their details."""

    def atlas_error(error: AtlasError) -> Response:
        diagnosed = diagnose(error) if isinstance(error, GraphDamaged) else None
        return _atlas_error(diagnosed or error)

    def unexpected_error(error: Exception) -> Response:
        diagnosed = diagnose(error)
        return _unexpected_error(error) if diagnosed is None else _atlas_error(diagnosed)

    app.register_error_handler(AtlasError, atlas_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, unexpected_error)


def _atlas_error(error: AtlasError) -> Response:
    if not _wants_page():
        return problem(error)
    nearest = error.nearest if isinstance(error, UnknownEntity) else ()
    message, remedy = public_text(error, error.message), public_text(error, error.remedy)
    response = _page(status_of(error), error.title, message, remedy, nearest)
    seconds = retry_seconds(error)
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response


def _http_error(error: HTTPException) -> Response:
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
    response.headers.extend([field for field in error.get_headers() if field[0].lower() in _HEADERS_OF_ERRORS])
    return response


def _unexpected_error(error: Exception) -> Response:
    log.error("unexpected error in %s", request.endpoint, exc_info=error)
    if not _wants_page():
        return problem_response(500, "internal", "Something went wrong", "The error was logged. Try again later.")
    return _page(500, "Something went wrong", "This page failed; the error was logged.", "Try again later.")


def _wants_page() -> bool:
    if request.path.startswith(_PROGRAM_PATHS):
        return bool(g.get("page_wanted"))  # set by an endpoint that is used by browsers and programs
    if request.path.startswith(_DOWNLOAD_PATHS) and not names_html(request.headers.get("Accept", "")):
        return False
    return request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html") == "text/html"


def _page(status: int, title: str, message: str, remedy: str, nearest: tuple[tuple[str, str], ...] = ()) -> Response:
    body = render_template("error.html", status=status, title=title, message=message, remedy=remedy, nearest=nearest)
    return current_app.make_response((body, status))
