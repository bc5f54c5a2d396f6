"""The application behind an event loop: WSGI on a bounded number of threads, under granian's RSGI.

A request waits in the loop until its body is there (up to `HELD` bytes; a longer one is handed on as it comes), so
that a slow client holds no thread before it has sent what it has to send. Where all threads are taken and as many
requests wait again, the next one is answered 503 at once. An answer is sent in the loop as well: a slow reader holds
a thread only where the answer is longer than what the server takes at once.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import io
import json
import logging
import queue
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from graph.errors import Overloaded
from web.problems import TYPES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

__all__ = ["HELD", "Bridge", "refusal"]

HELD: Final = 64 << 10
"""Bytes of a body that are read before the application is called."""

_BODY_SECONDS: Final = 30.0
"""Seconds that a client may let pass between two parts of its body."""

_SENDING_SECONDS: Final = 60.0
"""Seconds that a client may take for each part of a long answer."""

_PART: Final = 1 << 17

log = logging.getLogger(__name__)

Headers = list[tuple[str, str]]


def refusal(status: int, slug: str, title: str, detail: str, retry_after: int | None = None) -> tuple[Headers, bytes]:
    """A problem (RFC 9457) for a request that does not reach the application."""
    body = json.dumps({"type": TYPES + slug, "title": title, "status": status, "detail": detail}).encode()
    headers = [
        ("content-type", "application/problem+json"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
    ]
    if retry_after is not None:
        headers.append(("retry-after", str(retry_after)))
    return headers, body


class Bridge:
    """Runs a WSGI application on `threads` threads, with `threads` more requests waiting at most."""

    def __init__(self, application: WSGIApplication, threads: int) -> None:
        self._application = application
        self._most = 2 * threads
        self._present = 0
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"request-{number}", daemon=True).start()

    async def answer(self, scope: Scope, protocol: HTTPProtocol, extra: dict[str, Any], body: bytes | None) -> None:
        """`extra` goes into the environment; `body` is that of the request, if it was read already."""
        if self._present >= self._most:
            busy = Overloaded("All threads of the service are busy.", "Try again in a moment.")
            protocol.response_bytes(503, *refusal(503, busy.slug, busy.title, str(busy), busy.retry_after))
            return
        self._present += 1
        try:
            await self._answer(scope, protocol, extra, body)
        finally:
            self._present -= 1

    async def _answer(self, scope: Scope, protocol: HTTPProtocol, extra: dict[str, Any], body: bytes | None) -> None:
        loop = asyncio.get_running_loop()
        if body is None:
            try:
                source: io.RawIOBase = await _received(scope, protocol, loop)
            except TimeoutError:
                problem = refusal(408, "request-timeout", "Request Timeout", "The body of the request did not come.")
                protocol.response_bytes(408, *problem)
                return
        else:
            source = io.BytesIO(body)  # type: ignore[assignment]  # both are read alike
        environ = _environment(scope, source) | extra
        done: asyncio.Future[None] = loop.create_future()
        exchange = _Exchange(self._application, environ, protocol, loop, done)
        self._jobs.put(exchange.run)
        await done

    def _work(self) -> None:
        while True:
            self._jobs.get()()


class _Exchange:
    """One request in its thread."""

    def __init__(
        self,
        application: WSGIApplication,
        environ: dict[str, Any],
        protocol: HTTPProtocol,
        loop: asyncio.AbstractEventLoop,
        done: asyncio.Future[None],
    ) -> None:
        self._application, self._environ = application, environ
        self._protocol, self._loop, self._done = protocol, loop, done
        self._status, self._headers, self._sent = 0, Headers(), False

    def run(self) -> None:
        """Never raises: a thread serves many requests."""
        try:
            self._respond()
        except BaseException:
            log.exception("a request ended without an answer")
            if not self._sent:
                self._whole(500, *refusal(500, "internal", "Something went wrong", "The error was logged."))
        self._loop.call_soon_threadsafe(_finish, self._done)

    _sent = False

    def _respond(self) -> None:
        parts: Iterable[bytes] = self._application(self._environ, self._start)
        try:
            if isinstance(parts, list) and len(parts) <= 1:
                self._whole(self._status, self._headers, parts[0] if parts else b"")
                return
            self._gathered(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()

    def _gathered(self, parts: Iterable[bytes]) -> None:
        """A short answer is sent as one; a long one in parts, each of which waits for the one before."""
        held, size, transport = list[bytes](), 0, None
        for part in parts:
            held.append(part)
            size += len(part)
            if size < _PART:
                continue
            if transport is None:
                transport = self._stream()
            self._send(transport, b"".join(held))
            held, size = [], 0
        if transport is None:
            self._whole(self._status, self._headers, b"".join(held))
        elif held:
            self._send(transport, b"".join(held))

    def _start(self, status: str, headers: Headers, failure: Any = None) -> Callable[[bytes], object]:
        if failure is not None and self._sent:
            raise failure[1]
        self._status, self._headers = int(status[:3]), list(headers)
        return _no_writing

    def _whole(self, status: int, headers: Headers, body: bytes) -> None:
        self._sent = True
        respond = self._protocol.response_bytes if body else self._protocol.response_empty
        arguments = (status, headers, body) if body else (status, headers)
        self._loop.call_soon_threadsafe(_quietly, respond, *arguments)

    def _stream(self) -> Any:
        self._sent = True
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        begin = self._protocol.response_stream
        self._loop.call_soon_threadsafe(lambda: future.set_result(begin(self._status, self._headers)))
        return future.result(_SENDING_SECONDS)

    def _send(self, transport: Any, part: bytes) -> None:
        asyncio.run_coroutine_threadsafe(_sending(transport, part), self._loop).result(_SENDING_SECONDS)


class _Incoming(io.RawIOBase):
    """A long body, read in a thread as it comes."""

    def __init__(self, first: bytes, parts: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._held, self._parts, self._loop = first, parts, loop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            part = asyncio.run_coroutine_threadsafe(_following(self._parts), self._loop).result(_BODY_SECONDS)
            if part is None:
                return 0
            self._held = part
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size


async def _received(scope: Scope, protocol: HTTPProtocol, loop: asyncio.AbstractEventLoop) -> io.RawIOBase:
    """The body, or its beginning. Raises TimeoutError where it does not come."""
    if "content-length" not in scope.headers and "transfer-encoding" not in scope.headers:
        return io.BytesIO()  # type: ignore[return-value]  # read alike
    parts, held = aiter(protocol), bytearray()
    while len(held) <= HELD:
        part = await asyncio.wait_for(_following(parts), _BODY_SECONDS)
        if part is None:
            return io.BytesIO(bytes(held))  # type: ignore[return-value]  # read alike
        held += part
    return io.BufferedReader(_Incoming(bytes(held), parts, loop), _PART)  # type: ignore[return-value]  # read alike


async def _following(parts: Any) -> bytes | None:
    try:
        return bytes(await anext(parts))
    except StopAsyncIteration:
        return None


async def _sending(transport: Any, part: bytes) -> None:
    await transport.send_bytes(part)


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _quietly(respond: Callable[..., None], *arguments: Any) -> None:
    try:
        respond(*arguments)
    except Exception:  # the client is gone
        log.debug("an answer could not be sent", exc_info=True)


def _no_writing(_: bytes) -> object:
    raise NotImplementedError("WSGI's old way of writing is not offered")


def _environment(scope: Scope, source: Any) -> dict[str, Any]:
    """PEP 3333. Of a header that came more than once the values are joined, as RFC 9110 §5.3 has it."""
    host, _, port = scope.server.rpartition(":")
    client, _, client_port = scope.client.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method, "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"), "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host, "SERVER_PORT": port, "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client, "REMOTE_PORT": client_port,
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope.scheme, "wsgi.input": source, "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, "wsgi.input_terminated": True,
    }  # fmt: skip
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        if key in environ and key != "HTTP_HOST":
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        environ[key] = value
    return environ
