"""Downloads: `/dataset.nq.gz` and `/dataset.trig.gz` hold the whole live generation.

A single graph is `/dataset.nt.gz?graph=IRI` or `/dataset.ttl.gz?graph=default`. A file is written once per generation,
to a temporary file without a name, and only then sent, with its length: in the middle of a body the server cannot tell
a client of an error. An interrupted download goes on where it stopped (Range, RFC 9110 §14). The file goes with the
last request that holds its generation. Memory stays flat whatever the size; few downloads run at once, so that slow
readers never take every thread.
"""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from graph.errors import HomeError, Overloaded
from graph.sparql.pool.result_cache import fingerprint_prefix
from graph.storage.snapshot import Snapshot
from graph.write.rdf_export import export
from web.http.cors import Cors
from web.read_model.live_generation import Live

__all__ = ["MAX_DOWNLOADS", "blueprint"]

MAX_DOWNLOADS: Final = 8
"""Files that are sent at once."""

MAX_WAIT_SECONDS: Final = 60.0
"""How long a request waits while the file of another one is written."""

MAX_FILES: Final = 4
"""Files kept for one generation: the whole in two syntaxes, and the last single graphs."""

CHUNK_BYTES: Final = 1 << 18
_EXPOSED: Final = "Content-Disposition, ETag, X-Content-Format, X-Generation"
_WHOLE: Final = {"nq": ("nquads", "application/n-quads"), "trig": ("trig", "application/trig")}
_ONE: Final = {"nt": ("ntriples", "application/n-triples"), "ttl": ("turtle", "text/turtle")}


class _File:
    """A finished file without a name; closed with its last user."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        weakref.finalize(self, os.close, descriptor)


class _Files:
    """The files of one generation, by syntax and graph."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_key: OrderedDict[tuple[str, str | None], _File] = OrderedDict()

    def get(self, snapshot: Snapshot, name: str, graph: str | None) -> _File:
        """A file, written at its first request, one at a time. Raises UnknownGraph; Overloaded after a long wait."""
        key = (name, graph)
        if not self.lock.acquire(timeout=MAX_WAIT_SECONDS):
            raise Overloaded("Another download is being prepared.", "Try again in a minute.")
        try:
            if key not in self.by_key:
                self.by_key[key] = _write_file(snapshot, name, graph)
            self.by_key.move_to_end(key)
            while len(self.by_key) > MAX_FILES:
                self.by_key.popitem(last=False)  # a download that reads it keeps it open
            return self.by_key[key]
        finally:
            self.lock.release()


def blueprint(live: Live, cors: Cors) -> Blueprint:
    routes = Blueprint("dump", __name__)
    slots = threading.BoundedSemaphore(MAX_DOWNLOADS)

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
        cors.mark(response, _EXPOSED)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Accept-Ranges"] = "bytes"
        if request.if_none_match.contains(tag):
            response.status_code = 304
            return response
        if request.method == "HEAD":
            response.response = iter(())
            written = files.by_key.get((name, graph))
            if written is not None:  # before the first GET the length is not known
                response.headers["Content-Length"] = str(written.size)
            return response
        if not slots.acquire(blocking=False):
            raise Overloaded(f"{MAX_DOWNLOADS} downloads are under way.", "Try again in a minute.")
        try:
            file = files.get(view.snapshot, name, graph)
        except BaseException:
            slots.release()
            raise
        response.call_on_close(_once(slots.release))
        response.headers["Content-Length"] = str(file.size)
        response.response = FileWrapper(io.BufferedReader(_Reader(file), CHUNK_BYTES), CHUNK_BYTES)
        try:
            response.make_conditional(request, accept_ranges=True, complete_length=file.size)
        except RequestedRangeNotSatisfiable:
            response.close()
            raise
        return response

    return routes


def _graph(suffix: str) -> str | None:
    """The graph to download, None for all. Raises 400 for one too many or too few."""
    graphs = request.args.getlist("graph")
    if suffix in _WHOLE and graphs:
        raise BadRequest("One graph is given as .nt.gz or .ttl.gz; .nq.gz and .trig.gz hold all of them.")
    if suffix in _ONE and len(graphs) != 1:
        raise BadRequest("Say which graph: ?graph=default, or ?graph=IRI.")
    return graphs[0] if graphs else None


def _write_file(snapshot: Snapshot, name: str, graph: str | None) -> _File:
    """The gzipped export; the same generation gives the same bytes."""
    with tempfile.TemporaryFile(prefix="atlas-dump-") as file:
        packed = gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=5, mtime=0)
        # The engine writes term by term: without a buffer, each would be a call of its own.
        buffered = io.BufferedWriter(packed, CHUNK_BYTES)
        try:
            export(snapshot.store, buffered, name, graph)
        except OSError as error:
            raise HomeError(f"The download could not be prepared ({error}).", "Ask again.") from error
        finally:
            buffered.close()
            packed.close()
        file.flush()
        return _File(os.dup(file.fileno()))


class _Reader(io.RawIOBase):
    """Reads a file from its start, independent of its other readers."""

    def __init__(self, file: _File) -> None:
        self._file, self._offset = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: self._file.size}[whence]
        self._offset = start + offset
        return self._offset

    def tell(self) -> int:
        return self._offset

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        count = os.preadv(self._file.descriptor, [buffer], self._offset)
        self._offset += count
        return count


def _once(act: Callable[[], None]) -> Callable[[], None]:
    """A function that calls `act` the first time only."""
    remaining = [act]
    return lambda: remaining.pop()() if remaining else None
