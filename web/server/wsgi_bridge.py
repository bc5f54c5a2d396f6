"""WSGI under ASGI: Flask on a bounded number of threads.

A request waits in the loop until its body is there (up to `MAX_WAITING_BYTES`; a longer one is passed on as it
comes), so that a slow client holds no thread and no place before it has sent what it has to send. Where all threads
are taken and as many requests wait again, the next one is answered 503 at once. An answer is sent in the loop as well:
a slow reader holds a thread only where the answer is longer than what the server accepts at once.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from web.http.public_address import RequestAddress
from web.http.rendered_answer import Answer, Headers, encode_headers
from web.http.request_deadline import DEADLINE
from web.server.asgi_types import Request, Scope
from web.server.threads import Abandoned, RequestThreads

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["MAX_WAITING_BYTES", "WsgiBridge"]

MAX_WAITING_BYTES: Final = 64 << 10
"""Bytes of a body that are read before the application is called."""

MAX_SENDING_SECONDS: Final = 60.0
"""Seconds that a client may take for each part of a long answer."""

_PART_BYTES: Final = 1 << 17

_CONNECTION_FIELDS: Final = ("connection", "upgrade")
"""Header fields for the server alone: Werkzeug refuses a request that offers a websocket, which is ignored here."""

log = logging.getLogger(__name__)


class WsgiBridge:
    """Runs a WSGI application on threads. `sending_seconds`: see `MAX_SENDING_SECONDS`."""

    def __init__(
        self, application: WSGIApplication, threads: RequestThreads, sending_seconds: float = MAX_SENDING_SECONDS
    ) -> None:
        self._application, self._threads, self._sending_seconds = application, threads, sending_seconds

    async def respond(
        self, request: Request, address: RequestAddress, body: bytes | None, extra: dict[str, Any]
    ) -> Answer | None:
        """The application's answer; None for a long one, which has been sent. `body`: the whole body, None where it is
        still to be read; `extra` goes into the environment.

        Raises where an answer breaks off, `Overloaded` where no place is free, `Abandoned` where the client has left,
        `SlowBody` where the body does not come.
        """
        loop = asyncio.get_running_loop()
        source, is_whole = (io.BytesIO(body), True) if body is not None else await _read_body(request, loop)
        with self._threads.place():
            environ = _environment(request.scope, source, address) | extra | {DEADLINE: request.deadline}
            exchange = _Exchange(
                self._application,
                environ,
                request,
                loop=loop,
                sending_seconds=self._sending_seconds,
                is_watched=is_whole,
            )
            with request.watched() if is_whole else nullcontext():
                answer = await self._threads.run(exchange.run, lambda: request.has_left)
            if request.body_failure is not None and not request.is_begun:
                raise request.body_failure
        return answer


class _Exchange:
    """One request in its thread."""

    def __init__(
        self,
        application: WSGIApplication,
        environ: dict[str, Any],
        request: Request,
        *,
        loop: asyncio.AbstractEventLoop,
        sending_seconds: float,
        is_watched: bool,
    ) -> None:
        self._application, self._environ, self._request, self._is_watched = application, environ, request, is_watched
        self._loop, self._sending_seconds = loop, sending_seconds
        self._status, self._headers, self._is_begun = 0, Headers(), False

    def run(self) -> Answer | None:
        """The answer; None where it was sent already, in parts."""
        parts: Iterable[bytes] = self._application(self._environ, self._start)
        try:
            if isinstance(parts, list) and len(parts) <= 1:
                return Answer(self._status, self._headers, parts[0] if parts else b"")
            return self._gather(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()

    def _gather(self, parts: Iterable[bytes]) -> Answer | None:
        """A short answer is sent as one; a long one in parts, each of which waits for the one before."""
        chunks, size = list[bytes](), 0
        for part in parts:
            chunks.append(part)
            size += len(part)
            if size >= _PART_BYTES:
                self._send_part(b"".join(chunks), more=True)
                chunks, size = [], 0
        if not self._is_begun:
            return Answer(self._status, self._headers, b"".join(chunks))
        self._send_part(b"".join(chunks), more=False)
        return None

    def _start(self, status: str, headers: list[tuple[str, str]], failure: Any = None) -> Callable[[bytes], object]:
        if failure is not None and self._is_begun:
            raise failure[1]
        self._status, self._headers = int(status[:3]), encode_headers(*headers)
        return _refuse_writing

    def _send_part(self, part: bytes, *, more: bool) -> None:
        if self._request.has_left:
            raise Abandoned
        begins, self._is_begun = not self._is_begun, True
        asyncio.run_coroutine_threadsafe(self._sending(part, more, begins), self._loop).result()

    async def _sending(self, part: bytes, more: bool, begins: bool) -> None:
        if begins:
            if not self._is_watched:  # then another task waits for what the client sends
                await self._request.drop_body()
            await self._request.send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        message = {"type": "http.response.body", "body": part, "more_body": more}
        await asyncio.wait_for(self._request.send(message), self._sending_seconds)


class _BodyStream(io.RawIOBase):
    """A long body, read in a thread as it comes."""

    def __init__(self, first: bytes, request: Request, loop: asyncio.AbstractEventLoop) -> None:
        self._waiting, self._request, self._loop, self._more = first, request, loop, True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._waiting:
            if not self._more:
                return 0
            reading = self._request.read()
            self._waiting, self._more = asyncio.run_coroutine_threadsafe(reading, self._loop).result()
        size = min(len(buffer), len(self._waiting))
        buffer[:size] = self._waiting[:size]
        self._waiting = self._waiting[size:]
        return size


async def _read_body(request: Request, loop: asyncio.AbstractEventLoop) -> tuple[Any, bool]:
    """The body or its beginning as a stream, and whether it was read to its end.

    Raises `SlowBody` where it does not come, and ConnectionError where the client has left.
    """
    parts, more = bytearray(), True
    while more:
        part, more = await request.read()
        parts += part
        if more and len(parts) > MAX_WAITING_BYTES:
            return io.BufferedReader(_BodyStream(bytes(parts), request, loop), _PART_BYTES), False
    return io.BytesIO(bytes(parts)), True


def _refuse_writing(_: bytes) -> object:
    raise NotImplementedError("WSGI's write() is not offered")


def _environment(scope: Scope, source: Any, address: RequestAddress) -> dict[str, Any]:
    """PEP 3333. The values of a header that came more than once are joined, as RFC 9110 §5.3 has it."""
    server_host, _, server_port = address.host.partition(":") if address.host[:1] != "[" else (address.host, "", "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"], "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "RAW_URI": scope["raw_path"].decode("latin-1"),  # `PATH_INFO` does not tell %2F from a slash
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server_host, "SERVER_PORT": server_port or ("443" if address.scheme == "https" else "80"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}", "REMOTE_ADDR": address.client or "",
        "wsgi.version": (1, 0), "wsgi.url_scheme": address.scheme, "wsgi.input": source, "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, "wsgi.input_terminated": True,
    }  # fmt: skip
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name or name in _CONNECTION_FIELDS:
            continue  # X_A would pass for X-A
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        if key in environ:
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        environ[key] = value
    environ["HTTP_HOST"] = address.host
    return environ
