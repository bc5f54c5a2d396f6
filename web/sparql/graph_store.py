"""`/graph-store`: the SPARQL 1.1 Graph Store HTTP Protocol (https://www.w3.org/TR/sparql11-http-rdf-update/).

A graph is named by `?graph=IRI`, is the default graph with `?default`, or is named by the address itself
(`/graph-store/any/path`). POST to `/graph-store` without a name makes a new graph under an address of its own. Reading
is open to every reader; the other methods need the token.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, MethodNotAllowed, NotAcceptable, UnsupportedMediaType

from graph.errors import GraphChanged, HomeError, UnknownGraph
from graph.sparql.formats import GRAPHS, Format
from graph.sparql.graph_store import holds
from graph.sparql.pool.pool import QueryPool
from graph.sparql.pool.result_cache import fingerprint_prefix
from graph.storage.snapshot import DEFAULT, Snapshot, node
from web.http.auth import Check
from web.http.cors import Cors
from web.http.negotiation import choose
from web.http.uploads import received
from web.read_model.live_generation import Live, View
from web.sparql.compression import CODINGS, encoding_for
from web.sparql.response import respond
from web.sparql.update import DIRECT, answer, update_text
from web.writer_process.service import Writes

__all__ = ["blueprint"]

_METHODS: Final = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]
_MAX_TRIES: Final = 5
_ALLOW: Final = "GET, HEAD, PUT, POST, DELETE, PATCH, OPTIONS"


@dataclass(frozen=True, slots=True)
class _Named:
    """The graph of a request: its IRI, None for the default graph. `fresh`: the server has just chosen the IRI."""

    iri: str | None
    fresh: bool = False

    def is_in(self, snapshot: Snapshot) -> bool:
        """Whether the generation of the snapshot has this graph."""
        graph = DEFAULT if self.iri is None else node(self.iri)
        return graph is not None and holds(snapshot.store, graph)


_Write = Callable[[_Named, str | None], Response]
"""Writes a graph, if the named generation is still live."""


def blueprint(live: Live, pool: QueryPool, writes: Writes, check: Check, cors: Cors) -> Blueprint:
    """The routes of the protocol. `check` refuses clients that may not write, before the body is read."""
    bp = Blueprint("graph_store", __name__)
    bp.before_request(check)

    def conditional(write: _Write) -> Callable[[_Named], Response]:
        return lambda named: _conditional(write, live, named)

    verbs: dict[str, Callable[[_Named], Response]] = {
        "PUT": lambda named: _put_or_post(writes, named, conditional),
        "POST": lambda named: _put_or_post(writes, named, conditional),
        "DELETE": conditional(
            lambda named, expected: answer(writes.graph("DELETE", named.iri, base=request.url, expected=expected), 204)
        ),
        "PATCH": lambda named: _patch(writes, named, conditional),
    }

    def handle(path: str | None = None) -> ResponseReturnValue:
        if request.method == "OPTIONS":
            return _allowed()
        named = _named(path)
        verb = verbs.get(request.method)
        return verb(named) if verb is not None else _read(live, pool, named)

    rules = ("/graph-store", "/graph-store/", "/graph-store/<path:path>")
    for number, rule in enumerate(rules):
        bp.add_url_rule(rule, f"graph{number}", handle, methods=_METHODS, provide_automatic_options=False)
    bp.after_request(partial(_open_to_other_origins, cors))
    return bp


def _named(path: str | None) -> _Named:
    """The graph that the request names. Raises 400 where it names none, two, or one by a relative IRI."""
    graphs, default = request.args.getlist("graph"), "default" in request.args
    if path:
        if graphs or default:
            raise BadRequest("The address names a graph by its path and by a parameter; use one of them.")
        if "%2f" in str(request.environ.get("RAW_URI", "")).partition("?")[0].lower():
            raise BadRequest("A graph is not named by an address with an encoded slash; give its IRI as ?graph=.")
        return _Named(_absolute(request.base_url))
    if len(graphs) + default > 1:
        raise BadRequest("Name one graph: ?default, or one ?graph=IRI.")
    if default:
        return _Named(None)
    if graphs:
        return _Named(_absolute(graphs[0]))
    if request.method == "POST":
        return _Named(f"{request.base_url.rstrip('/')}/{secrets.token_hex(8)}", fresh=True)
    if request.method in ("GET", "HEAD"):
        raise BadRequest("Say which graph: ?default, or ?graph=IRI.")
    raise MethodNotAllowed(["POST", "OPTIONS"], "Say which graph: ?default, or ?graph=IRI.")


def _absolute(iri: str) -> str:
    if node(iri) is None:
        raise BadRequest(f"‘{iri[:100]}’ is not an absolute IRI.")
    return iri


def _read(live: Live, pool: QueryPool, named: _Named) -> Response:
    """GET and HEAD, through the pool: the answer is complete before it is sent, and cached."""
    try:
        return _answered(live.view(), pool, named)
    except HomeError:
        return _answered(live.view(), pool, named)  # the first generation was pruned meanwhile


def _answered(view: View, pool: QueryPool, named: _Named) -> Response:
    if not named.is_in(view.snapshot):
        raise UnknownGraph(f"There is no graph <{named.iri}>.", "See the named graphs with a query: GRAPH ?g {}.")
    choice = choose(GRAPHS, request.args.get("format"), request.accept_mimetypes)
    if choice is None:
        raise NotAcceptable(f"A graph is given in one of: {', '.join(syntax.media_type for syntax in GRAPHS)}.")
    chosen, content_type = choice
    tags = {coding: _tag(view, named, chosen, coding) for coding in ("", encoding_for(request.accept_encodings) or "")}
    known = [coding for coding, tag in tags.items() if request.if_none_match.contains_weak(tag)]
    if known:
        response, coding = make_response("", 304), known[0]
    else:
        result = pool.run(view.generation.path, _query(named), media_type=chosen.media_type)
        response = respond(result, chosen, content_type, request.accept_encodings)
        response.headers["Content-Disposition"] = f'inline; filename="graph.{chosen.extension}"'
        coding = response.headers.get("Content-Encoding", "")
    response.set_etag(tags[coding])
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Generation"] = view.generation.name
    response.vary.update(("Accept", "Accept-Encoding"))
    return response


def _tag(view: View, named: _Named, chosen: Format, coding: str) -> str:
    """The entity tag of a graph in a format and coding; it changes with every write to the atlas.

    Each is a strong one, so that all can be used in If-Match.
    """
    return fingerprint_prefix(view.content, named.iri or "", chosen.name, coding).hexdigest()


def _query(named: _Named) -> str:
    pattern = "?s ?p ?o" if named.iri is None else f"GRAPH <{named.iri}> {{ ?s ?p ?o }}"
    return f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}"


def _conditional(write: _Write, live: Live, named: _Named) -> Response:
    """Run the write if the request's If-Match and If-None-Match (RFC 9110 §13.1) are met when its turn comes.

    The tags are those of GET in any of its formats, each valid until the next write. Raises GraphChanged (412).
    """
    for _ in range(_MAX_TRIES):
        if not request.if_match and not request.if_none_match:
            return write(named, None)
        view = live.view()
        _check(view, named)
        try:
            return write(named, view.generation.name)
        except GraphChanged as error:
            changed = error  # another write came first: the conditions are checked again
    raise changed


def _check(view: View, named: _Named) -> None:
    exists = named.is_in(view.snapshot)
    tags = [_tag(view, named, syntax, coding) for syntax in GRAPHS for coding in ("", *CODINGS)] if exists else []
    wanted, unwanted = request.if_match, request.if_none_match
    if wanted and not (exists and (wanted.star_tag or any(map(wanted.contains, tags)))):
        raise GraphChanged(
            "The graph is not the one of If-Match." if exists else "There is no such graph.", "Read it again."
        )
    if unwanted and exists and (unwanted.star_tag or any(map(unwanted.contains_weak, tags))):
        raise GraphChanged("The graph exists already, or is the one of If-None-Match.", "Nothing was changed.")


def _put_or_post(
    writes: Writes, named: _Named, conditional: Callable[[_Write], Callable[[_Named], Response]]
) -> Response:
    """PUT and POST. 201 where the graph is new, with its address where the server chose that; else 204."""
    with received(writes.limits.upload_bytes) as uploads:
        base = named.iri or request.base_url

        def write(named: _Named, expected: str | None) -> Response:
            result = writes.graph(request.method, named.iri, base=base, uploads=uploads, expected=expected)
            return answer(result, 201 if result.created else 204)

        response = conditional(write)(named)
    if named.fresh and named.iri is not None:
        response.headers["Location"] = named.iri
    return response


def _patch(writes: Writes, named: _Named, conditional: Callable[[_Write], Callable[[_Named], Response]]) -> Response:
    if request.mimetype != DIRECT:
        raise UnsupportedMediaType(f"A patch is a SPARQL update; send it as {DIRECT}.")
    text, base = update_text(), named.iri or request.base_url

    def write(named: _Named, expected: str | None) -> Response:
        return answer(writes.graph("PATCH", named.iri, base=base, text=text, expected=expected), 204)

    return conditional(write)(named)


def _allowed() -> Response:
    response = make_response("", 204)
    response.headers["Allow"] = _ALLOW
    response.headers["Accept-Patch"] = DIRECT
    return response


def _open_to_other_origins(cors: Cors, response: Response) -> Response:
    """CORS; writing is not offered to pages of other sites."""
    cors.mark(response, "ETag, X-Generation")
    if request.method == "OPTIONS":
        cors.allow_preflight(response, "GET, HEAD, OPTIONS", "Accept, Authorization, If-None-Match")
    return response
