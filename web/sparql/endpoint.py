"""The SPARQL endpoint: query by GET and by both forms of POST (https://www.w3.org/TR/sparql11-protocol/), and cancel.

Answers are complete before they are sent, with their length; every error is problem+json with a status and a `type`
of its own, never an empty or truncated 200. A browser gets the page to write queries on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, g, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MIMEAccept, MultiDict
from werkzeug.exceptions import BadRequest, MethodNotAllowed, NotAcceptable, UnsupportedMediaType

from graph.errors import HomeError, QuerySyntax
from graph.sparql.dataset import Dataset
from graph.sparql.formats import GRAPHS, Format, offered
from graph.sparql.pool.pool import QueryPool
from graph.sparql.result import QueryResult
from web.http.cors import CLOSED, Cors
from web.http.negotiation import choose, names_html, prefers_html
from web.http.problems import problem_response
from web.http.public_address import endpoint_base
from web.http.request_text import decode_utf8, refuse_compressed, require_utf8
from web.sparql.parameters import client_of, parse_seconds
from web.sparql.response import EXPOSED, OUTCOME, entity_tag, respond
from web.sparql.service_description import describe_service

__all__ = ["blueprint", "negotiate"]

Workbench = Callable[[str, str | None], ResponseReturnValue]
"""Renders the page with a query on it, which may be empty, for a client as of `client_of`."""

_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_METHODS: Final = "GET, HEAD, POST, OPTIONS"


def blueprint(
    pool: QueryPool,
    generation: Callable[[], Path],
    workbench: Workbench | None = None,
    client: Callable[[str | None], str | None] | None = None,
    cors: Cors = CLOSED,
) -> Blueprint:
    """The routes of the endpoint. `generation` names the live generation at each request; `workbench` renders the page.

    `client` maps a remote address to the client that the limits per client count, None for nobody; see `client_of`.
    """
    bp = Blueprint("sparql", __name__)
    identify = client or client_of

    @bp.route("/sparql", methods=["GET", "POST"], provide_automatic_options=False)
    def query() -> ResponseReturnValue:
        parameters, text = _read()
        if _wants_page(parameters) and workbench is not None:
            g.page_wanted = True
            return workbench(text or "", identify(request.remote_addr))
        if text is None:
            return _description(pool.searches)
        response = _run(pool, generation, parameters, text=text, client=identify(request.remote_addr))
        if "download" in parameters:  # a form has no `download` attribute, as a link has
            disposition = response.headers.get("Content-Disposition", "")
            response.headers["Content-Disposition"] = disposition.replace("inline", "attachment", 1)
        return response

    @bp.route("/sparql", methods=["OPTIONS"], provide_automatic_options=False)
    def options() -> ResponseReturnValue:
        response = make_response("", 204)
        response.headers["Allow"] = _METHODS
        return response

    @bp.route("/sparql", methods=["PUT", "DELETE", "PATCH"])
    def other() -> ResponseReturnValue:
        """405 from this blueprint, so that pages of other origins may read it."""
        raise MethodNotAllowed(_METHODS.split(", "))

    @bp.delete("/sparql/queries/<identifier>")
    def cancel(identifier: str) -> ResponseReturnValue:
        if pool.cancel(identifier, identify(request.remote_addr)):
            return "", 204
        detail = "No query of yours with this id is running; it may have ended."
        return problem_response(404, "no-such-query", "No such query", detail)

    bp.after_request(partial(_open_to_other_origins, cors))
    return bp


def _read() -> tuple[MultiDict[str, str], str | None]:
    """The parameters of the request and its query, None where there is none. Raises 400 and 415."""
    parameters: MultiDict[str, str] = MultiDict(request.args)
    raw = b""
    if request.method == "POST":
        refuse_compressed()
        if request.mimetype == "application/sparql-query":
            if "query" in parameters:
                raise BadRequest("The query is given twice: in the address and in the body.")
            return parameters, _body()
        if request.mimetype == "application/x-www-form-urlencoded":
            raw = request.get_data()
            parameters.update(request.form)
        elif request.mimetype == "application/sparql-update":
            raise UnsupportedMediaType("Updates are not taken here; send them to /update.")
        else:
            raise UnsupportedMediaType(
                "POST a query as application/sparql-query, or as the form field `query` "
                "(application/x-www-form-urlencoded)."
            )
    queries = parameters.getlist("query")
    if len(queries) > 1:
        raise BadRequest("The request holds more than one query.")
    if "update" in parameters:
        raise BadRequest("Updates are not taken here; send them to /update.")
    if request.method == "POST" and not queries:
        raise BadRequest("The form has no field `query`.")
    try:
        unquote_to_bytes(request.query_string + b"&" + raw).decode()
    except UnicodeDecodeError:
        # Werkzeug would leave such bytes percent-encoded, which is another query.
        raise QuerySyntax("The query is not valid UTF-8.", "Percent-encode its UTF-8 bytes.") from None
    return parameters, queries[0] if queries else None


def _body() -> str:
    require_utf8(request.mimetype_params, "query")
    return decode_utf8(request.get_data(), "query")


def _wants_page(parameters: MultiDict[str, str]) -> bool:
    """Whether HTML is named and nothing else is preferred: the client is a browser."""
    if parameters.get("format") is not None or not names_html(request.headers.get("Accept", "")):
        return False
    data = [name for syntax in (*offered("SELECT"), *GRAPHS) for name in (syntax.media_type, *syntax.aliases)]
    return prefers_html(request.accept_mimetypes, data)


def _description(search: bool) -> Response:
    """The description of the service, for a request without a query."""
    chosen, content_type = negotiate("CONSTRUCT", None, request.accept_mimetypes)
    response = make_response(describe_service(endpoint_base(request.scheme, request.host), chosen, search=search))
    response.headers["Content-Type"] = content_type
    return response


def _run(
    pool: QueryPool, generation: Callable[[], Path], parameters: MultiDict[str, str], *, text: str, client: str | None
) -> Response:
    """Run a query, unless the fast path left its result in the environment."""
    outcome = request.environ.pop(OUTCOME, None)
    seconds, began = _seconds(parameters), time.monotonic()
    guarded = pool.check(text, client, seconds)
    chosen, content_type = negotiate(guarded.form, parameters.get("format"), request.accept_mimetypes)
    dataset, base = _dataset(parameters), endpoint_base(request.scheme, request.host)

    def answer_from(live: Path) -> Response:
        query = pool.request(live, guarded, media_type=chosen.media_type, dataset=dataset, base=base)
        tag = entity_tag(query.fingerprint, ordered=query.ordered)
        if tag is not None and _is_current(tag):
            return _unchanged(tag)
        result = pool.run_request(
            query, client=client, query_id=_identifier(parameters),
            timeout=pool.limits.seconds(seconds, time.monotonic() - began),
        )  # fmt: skip
        return respond(result, chosen, content_type, request.accept_encodings)

    if isinstance(outcome, QueryResult):
        return respond(outcome, chosen, content_type, request.accept_encodings)
    live = generation()
    try:
        return answer_from(live)
    except HomeError:
        newer = generation()
        if newer == live:
            raise
        return answer_from(newer)  # the first one was pruned after it was looked up


def _is_current(tag: str) -> bool:
    """Whether the client has this result already (RFC 9110 §13.1.2)."""
    return request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(tag.removeprefix("W/").strip('"'))


def _unchanged(tag: str) -> Response:
    response = make_response("", 304)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept", "Accept-Encoding"))
    return response


def negotiate(form: str, name: str | None, accept: MIMEAccept) -> tuple[Format, str]:
    """The format to answer in and its Content-Type, as of `choose`. Raises 406."""
    choices = offered(form)
    choice = choose(choices, name, accept)
    if choice is not None:
        return choice
    if name is not None:
        known = ", ".join(choice.name for choice in choices)
        raise NotAcceptable(f"‘{name[:40]}’ is no format for {form} queries; choose one of: {known}.")
    known = ", ".join(choice.media_type for choice in choices)
    raise NotAcceptable(f"{'An' if form == 'ASK' else 'A'} {form} query is answered in one of: {known}.")


def _dataset(parameters: MultiDict[str, str]) -> Dataset:
    dataset = Dataset.of(parameters.getlist("default-graph-uri"), parameters.getlist("named-graph-uri"))
    try:
        dataset.arguments()
    except ValueError:
        raise BadRequest("A default-graph-uri or named-graph-uri is not an absolute IRI.") from None
    return dataset


def _seconds(parameters: MultiDict[str, str]) -> float | None:
    try:
        return parse_seconds(parameters.get("timeout"))
    except ValueError:
        raise BadRequest("`timeout` is a number of seconds above 0.") from None


def _identifier(parameters: MultiDict[str, str]) -> str | None:
    """The id that the client chose for the query, by which it can cancel it. Raises 400."""
    raw = request.headers.get("X-Query-Id") or parameters.get("query-id") or parameters.get("id")
    if raw is not None and not _ID.fullmatch(raw):
        raise BadRequest("A query id has 1 to 128 letters, digits, dots, colons, hyphens or underscores.")
    return raw


def _open_to_other_origins(cors: Cors, response: Response) -> Response:
    """CORS. Cancelling is not offered to pages of other sites."""
    cors.mark(response, EXPOSED)
    response.vary.add("Accept")  # the page, errors and refusals as well: a client that asks for HTML gets others
    if request.method == "OPTIONS":
        cors.allow_preflight(response, _METHODS, "Accept, Authorization, Content-Type, If-None-Match, X-Query-Id")
    return response
