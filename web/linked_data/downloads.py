"""`/dataset.nq.gz`, `/dataset.trig.gz`: everything that the live generation holds, as one file to download.

A single graph is `/dataset.nt.gz?graph=IRI` or `/dataset.ttl.gz?graph=default`. A file is written once per generation,
to a temporary file without a name, and only then sent, with its length: the server cannot tell a client that a body
broke off in the middle. It is gone with the last request that holds its generation. Memory stays flat whatever the
size; few downloads run at once, so that slow readers never take every thread.
"""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest

from graph.errors import HomeError, Overloaded
from graph.sparql.pool.cache import fingerprint_prefix
from graph.storage.snapshot import Snapshot
from graph.write.rdf_export import export
from web.read_model.live_generation import Live

__all__ = ["DOWNLOADS", "blueprint"]

DOWNLOADS: Final = 8
"""Files that are sent at once."""

_MAKING: Final = 60.0
"""Seconds that a request waits while another one's file is made."""

_KEPT: Final = 4
"""Files per generation: the whole in two syntaxes, and the last graphs that were asked for."""

_CHUNK: Final = 1 << 18
_WHOLE: Final = {"nq": ("nquads", "application/n-quads"), "trig": ("trig", "application/trig")}
_ONE: Final = {"nt": ("ntriples", "application/n-triples"), "ttl": ("turtle", "text/turtle")}


class _File:
    """A finished file without a name; closed when nobody needs it any more."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        weakref.finalize(self, os.close, descriptor)


class _Files:
    """The files of one generation, by syntax and graph."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: OrderedDict[tuple[str, str | None], _File] = OrderedDict()

    def get(self, snapshot: Snapshot, name: str, graph: str | None) -> _File:
        """One is made at a time. Raises UnknownGraph, and Overloaded where that takes too long."""
        key = (name, graph)
        if not self.lock.acquire(timeout=_MAKING):
            raise Overloaded("Another download is being prepared.", "Try again in a minute.")
        try:
            if key not in self.held:
                self.held[key] = _written(snapshot, name, graph)
            self.held.move_to_end(key)
            while len(self.held) > _KEPT:
                self.held.popitem(last=False)  # a download that reads it keeps it open
            return self.held[key]
        finally:
            self.lock.release()


def blueprint(live: Live) -> Blueprint:
    routes = Blueprint("dump", __name__)
    places = threading.BoundedSemaphore(DOWNLOADS)

    @routes.get("/dataset.<any(nq, trig, nt, ttl):suffix>.gz")
    def dump(suffix: str) -> Response:
        graph = _graph(suffix)
        name, media_type = (_WHOLE | _ONE)[suffix]
        view = live.view()
        files = view.once("dumps", lambda _: _Files())
        response = Response(mimetype="application/gzip")
        tag = fingerprint_prefix(view.content, suffix, graph or "").hexdigest()
        response.set_etag(tag)
        generation = view.generation.name
        response.headers["Content-Disposition"] = f'attachment; filename="creative-atlas-{generation}.{suffix}.gz"'
        response.headers["X-Generation"] = generation
        response.headers["X-Content-Format"] = media_type
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = "no-cache"
        if request.if_none_match.contains(tag):
            response.status_code = 304
            return response
        if request.method == "HEAD":
            response.response = iter(())
            made = files.held.get((name, graph))
            if made is not None:  # else the length is not known before somebody asks for the file
                response.headers["Content-Length"] = str(made.size)
            return response
        if not places.acquire(blocking=False):
            raise Overloaded(f"{DOWNLOADS} downloads are under way.", "Try again in a minute.")
        try:
            file = files.get(view.snapshot, name, graph)
        except BaseException:
            places.release()
            raise
        response.headers["Content-Length"] = str(file.size)
        response.response = _sent(file)
        response.call_on_close(_once(places.release))
        return response

    return routes


def _graph(suffix: str) -> str | None:
    """Which graph, None for all of them. Raises 400 for one too many or too few."""
    graphs = request.args.getlist("graph")
    if suffix in _WHOLE and graphs:
        raise BadRequest("One graph is given as .nt.gz or .ttl.gz; .nq.gz and .trig.gz hold all of them.")
    if suffix in _ONE and len(graphs) != 1:
        raise BadRequest("Say which graph: ?graph=default, or ?graph=IRI.")
    return graphs[0] if graphs else None


def _written(snapshot: Snapshot, name: str, graph: str | None) -> _File:
    """The same generation gives the same bytes."""
    with tempfile.TemporaryFile(prefix="atlas-dump-") as file:
        packed = gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=5, mtime=0)
        # The engine writes term by term: without a buffer, each would be a call of its own.
        buffered = io.BufferedWriter(packed, _CHUNK)
        try:
            export(snapshot.store, buffered, name, graph)
        except OSError as error:
            raise HomeError(f"The download could not be prepared ({error}).", "Ask again.") from error
        finally:
            buffered.close()
            packed.close()
        file.flush()
        return _File(os.dup(file.fileno()))


def _sent(file: _File) -> Iterator[bytes]:
    """From the start, whatever others read of it meanwhile."""
    at = 0
    while part := os.pread(file.descriptor, _CHUNK, at):
        at += len(part)
        yield part


def _once(act: Callable[[], None]) -> Callable[[], None]:
    left = [act]
    return lambda: left.pop()() if left else None
