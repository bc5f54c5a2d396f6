"""The application behind an event loop: WSGI on a bounded number of threads, under ASGI.

A request waits in the loop until its body is there (up to `HELD` bytes; a longer one is handed on as it comes), so
that a slow client holds no thread before it has sent what it has to send. Where all threads are taken and as many
requests wait again, the next one is answered 503 at once. An answer is sent in the loop as well: a slow reader holds
a thread only where the answer is longer than what the server takes at once.
"""

from __future__ import annotations

import asyncio
import io
import logging
import queue
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from graph.errors import Overloaded
from web.http.problems import refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["GONE", "HELD", "Bridge", "Receive", "Scope", "Send", "send_whole"]

HELD: Final = 64 << 10
"""Bytes of a body that are read before the application is called."""

GONE: Final = "creative_atlas.gone"
"""The key of a scope under which a server may leave a function that says whether the client is gone."""

_BODY_SECONDS: Final = 30.0
"""Seconds that a client may let pass between two parts of its body."""

_SENDING_SECONDS: Final = 60.0
"""Seconds that a client may take for each part of a long answer."""

_PART: Final = 1 << 17

log = logging.getLogger(__name__)

Headers = list[tuple[str, str]]
Whole = tuple[int, Headers, bytes]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Bridge:
    """Runs a WSGI application on `threads` threads, with `threads` more requests waiting at most."""

    def __init__(self, application: WSGIApplication, threads: int) -> None:
        self._application = application
        self._most = 2 * threads
        self._present = 0
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"request-{number}", daemon=True).start()

    async def answer(self, scope: Scope, receive: Receive, send: Send, extra: dict[str, Any]) -> None:
        """`extra` goes into the environment. Raises where an answer breaks off."""
        if self._present >= self._most:
            busy = Overloaded("All threads of the service are busy.", "Try again in a moment.")
            problem = refusal(503, busy.slug, busy.title, str(busy), busy.retry_after)
            await send_whole(send, scope["method"], 503, *problem)
            return
        self._present += 1
        try:
            await self._answer(scope, receive, send, extra)
        finally:
            self._present -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send, extra: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        try:
            source = await _received(scope, receive, loop)
        except TimeoutError:
            problem = refusal(408, "request-timeout", "Request Timeout", "The body of the request did not come.")
            await send_whole(send, scope["method"], 408, *problem)
            return
        except _Gone:
            return
        done: asyncio.Future[Whole | None] = loop.create_future()
        environ = _environment(scope, source) | extra
        exchange = _Exchange(self._application, environ, scope, send, loop, done)
        self._jobs.put(exchange.run)
        whole = await done
        if whole is not None:
            await send_whole(send, scope["method"], *whole)

    def _work(self) -> None:
        while True:
            self._jobs.get()()


class _Gone(ConnectionError):
    """The client closed the connection."""


class _Exchange:
    """One request in its thread."""

    def __init__(
        self,
        application: WSGIApplication,
        environ: dict[str, Any],
        scope: Scope,
        send: Send,
        loop: asyncio.AbstractEventLoop,
        done: asyncio.Future[Whole | None],
    ) -> None:
        self._application, self._environ = application, environ
        self._gone: Callable[[], bool] = scope.get(GONE, _never)
        self._send, self._loop, self._done = send, loop, done
        self._status, self._headers, self._sent = 0, Headers(), False

    def run(self) -> None:
        """Never raises: a thread serves many requests."""
        whole: Whole | None = None
        failure: BaseException | None = None
        try:
            whole = self._respond()
        except _Gone:
            pass
        except BaseException as error:
            log.exception("a request ended without an answer")
            whole = (500, *refusal(500, "internal", "Something went wrong", "The error was logged."))
            failure = error if self._sent else None
        try:
            self._loop.call_soon_threadsafe(_finish, self._done, whole, failure)
        except RuntimeError:  # the loop has ended
            log.debug("an answer came too late")

    def _respond(self) -> Whole | None:
        """The answer; None where it was sent already, in parts."""
        parts: Iterable[bytes] = self._application(self._environ, self._start)
        try:
            if isinstance(parts, list) and len(parts) <= 1:
                return self._status, self._headers, parts[0] if parts else b""
            return self._gathered(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()

    def _gathered(self, parts: Iterable[bytes]) -> Whole | None:
        """A short answer is sent as one; a long one in parts, each of which waits for the one before."""
        held, size = list[bytes](), 0
        for part in parts:
            held.append(part)
            size += len(part)
            if size >= _PART:
                self._part(b"".join(held), more=True)
                held, size = [], 0
        if not self._sent:
            return self._status, self._headers, b"".join(held)
        self._part(b"".join(held), more=False)
        return None

    def _start(self, status: str, headers: Headers, failure: Any = None) -> Callable[[bytes], object]:
        if failure is not None and self._sent:
            raise failure[1]
        self._status, self._headers = int(status[:3]), list(headers)
        return _no_writing

    def _part(self, part: bytes, *, more: bool) -> None:
        if self._gone():
            raise _Gone
        begins, self._sent = not self._sent, True
        sending = self._sending(part, more, begins)
        asyncio.run_coroutine_threadsafe(sending, self._loop).result(_SENDING_SECONDS)

    async def _sending(self, part: bytes, more: bool, begins: bool) -> None:
        if begins:
            await self._send(_beginning(self._status, self._headers))
        await self._send({"type": "http.response.body", "body": part, "more_body": more})


class _Incoming(io.RawIOBase):
    """A long body, read in a thread as it comes."""

    def __init__(self, first: bytes, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._held, self._receive, self._loop, self._more = first, receive, loop, True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            if not self._more:
                return 0
            following = asyncio.run_coroutine_threadsafe(_following(self._receive), self._loop)
            self._held, self._more = following.result(_BODY_SECONDS)
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size


async def _received(scope: Scope, receive: Receive, loop: asyncio.AbstractEventLoop) -> Any:
    """The body to be read, or its beginning. Raises TimeoutError where it does not come, and _Gone."""
    if not any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"]):
        return io.BytesIO()
    held, more = bytearray(), True
    while more:
        part, more = await asyncio.wait_for(_following(receive), _BODY_SECONDS)
        held += part
        if more and len(held) > HELD:
            return io.BufferedReader(_Incoming(bytes(held), receive, loop), _PART)
    return io.BytesIO(bytes(held))


async def _following(receive: Receive) -> tuple[bytes, bool]:
    """The next part, and whether there are more. Raises _Gone."""
    message = await receive()
    if message["type"] != "http.request":
        raise _Gone
    return message.get("body", b""), message.get("more_body", False)


async def send_whole(send: Send, method: str, status: int, headers: Headers, body: bytes) -> None:
    if (
        method != "HEAD"
        and status not in (204, 304)
        and not any(name.lower() == "content-length" for name, _ in headers)
    ):
        headers = [*headers, ("content-length", str(len(body)))]
    await send(_beginning(status, headers))
    await send({"type": "http.response.body", "body": body})


def _beginning(status: int, headers: Headers) -> dict[str, Any]:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": encoded}


def _finish(done: asyncio.Future[Whole | None], whole: Whole | None, failure: BaseException | None) -> None:
    if done.done():
        return
    if failure is not None:
        done.set_exception(RuntimeError("an answer broke off"))
    else:
        done.set_result(whole)


def _never() -> bool:
    return False


def _no_writing(_: bytes) -> object:
    raise NotImplementedError("WSGI's old way of writing is not offered")


def _environment(scope: Scope, source: Any) -> dict[str, Any]:
    """PEP 3333. Of a header that came more than once the values are joined, as RFC 9110 §5.3 has it."""
    host, port = scope.get("server") or ("", None)
    client, client_port = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"], "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "RAW_URI": scope["raw_path"].decode("latin-1"),  # `PATH_INFO` does not tell %2F from a slash
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host, "SERVER_PORT": str(port or 80), "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client, "REMOTE_PORT": str(client_port),
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope["scheme"], "wsgi.input": source, "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, "wsgi.input_terminated": True,
    }  # fmt: skip
    for raw_name, raw_value in scope["headers"]:
        key, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        if "_" in raw_name.decode("latin-1"):
            continue  # X_A would pass for X-A
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        if key in environ:
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        environ[key] = value
    return environ
