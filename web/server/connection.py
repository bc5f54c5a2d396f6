"""One connection: uvicorn's HTTP protocol, with a short way for plain queries and with the limits that uvicorn lacks.

A plain query is answered from within the parser's callbacks, or by the pool's call when its worker has answered;
any other request becomes a cycle of uvicorn's and a task that runs the application. Answers keep the order of the
requests: while one is under way, those behind it on the connection wait, and no more are read than are held.

A head and a body have to come in time and the head within its length; a connection without a request is closed
after a while, and at once where another one needs its place; a client that takes nothing of its answer is cut off.
All these are looked after once a second, by `Clock`, because a timer for each request would cost as much as it does.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from email.utils import formatdate
from functools import partial
from typing import Any, Final, Literal
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from graph.errors import Overloaded
from web.http.problems import rendered
from web.server.fast_request import Exchange
from web.server.wsgi_bridge import GONE
from web.sparql.fast_path import DIRECT, FORM, LONGEST, FastQueries, Query

__all__ = ["CONNECTIONS", "Clock", "ServerProtocol"]

CONNECTIONS: Final = 1024
"""Open connections at most, those of clients that say nothing included."""

_HEAD_BYTES: Final = 512 << 10
_HEADERS: Final = 100
_ADDRESS_BYTES: Final = 0xFFFF
"""More of an address the parser does not take apart."""

_AHEAD: Final = 64
"""Requests at most that wait on one connection for the answer to the one before them."""

COMING_SECONDS: Final = 30
"""Seconds for a head to come, and between two parts of the body of a plain query."""

_IDLE_SECONDS: Final = 75
_STUCK_SECONDS: Final = 60
_KNOWN: Final = 256
_KNOWN_BYTES: Final = 4 << 10
_LINE: Final = re.compile(rb"GET (/sparql\?([!-\"$-~]+)) HTTP/1\.1")
_JOINED: Final = 16 << 10
"""Bytes of a body that are copied behind their head, which costs less than a second write."""


log = logging.getLogger(__name__)


class Clock:
    """The date for answers, and a number of seconds. Once a second `turn` is called with all connections.

    `heads` are the header fields of plain requests, by the bytes between their first line and their end.
    """

    def __init__(self) -> None:
        self.heads: dict[bytes, dict[bytes, bytes]] = {}
        self.second = 0
        self.line = b""
        self._tell()

    def turn(self, connections: Iterable[object]) -> None:
        self.second += 1
        self._tell()
        for each in list(connections):
            if isinstance(each, ServerProtocol):
                each.look()

    def _tell(self) -> None:
        self.line = f"date: {formatdate(usegmt=True)}\r\n".encode()


class ServerProtocol(HttpToolsProtocol):
    """`fast` answers plain queries; without it all go to the application."""

    cycle: Any  # one of uvicorn's, or an exchange

    def __init__(self, clock: Clock, fast: FastQueries | None, connections: int = CONNECTIONS, **given: Any) -> None:
        super().__init__(**given)
        self._clock, self._fast, self._most = clock, fast, connections
        self._reading: Literal["", "head", "body"] = ""
        self._since = clock.second
        self._head = 0
        self._taken = self._full = False
        self._between = True
        self._came = b""
        self._gathered: Exchange | None = None
        self._answering: Exchange | RequestResponseCycle | None = None
        self._method = self._version = ""
        self._stuck = self._unsent = 0

    # What the transport calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) <= self._most:
            return
        for each in self.connections:
            if isinstance(each, ServerProtocol) and each is not self and each.idle and not each.transport.is_closing():
                each.transport.close()
                return
        busy = Overloaded("The service has as many connections as it takes.", "Try again in a moment.")
        self._refuse(503, busy.slug, busy.title, str(busy), busy.retry_after)

    def connection_lost(self, exc: Exception | None) -> None:
        for each in (self._answering, self._gathered):
            if each is not None:
                each.disconnected = True
                each.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._between and data.startswith(b"GET /sparql?") and self._known(data):
            return
        self._came = data if self._between else b""
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                # No other protocol is spoken here: what follows is HTTP (RFC 9110 §7.8).
                data = data[upgrade.args[0] :]
                if data and not self.transport.is_closing():
                    continue
            except httptools.HttpParserError:
                log.debug("a request could not be read", exc_info=True)
                if not self.transport.is_closing():
                    self._refuse(400, "bad-request", "Bad Request", "What came is not HTTP.")
                return
            break
        if self._reading != "head":
            self._head = 0
            return
        self._head += len(data)
        if self._head > _HEAD_BYTES and not self.transport.is_closing():
            self._too_long()

    # What the parser calls

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = self._taken = self._between = False
        self._reading, self._since = "head", self._clock.second

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reading == "head" and len(self.headers) <= _HEADERS:  # not what follows a body in chunks
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._reading, self._taken = "", True
        if self._full or self.transport.is_closing():
            return
        if len(self.headers) > _HEADERS:
            self._too_long()
            return
        if len(self.url) > _ADDRESS_BYTES:
            advice = "Send the query by POST." if self.url.partition(b"?")[0] == b"/sparql" else "Ask for less."
            detail = f"The address is longer than {_ADDRESS_BYTES:,} bytes. {advice}"
            self._refuse(414, "uri-too-long", "URI Too Long", detail)
            return
        self._method, self._version = self.parser.get_method().decode(), self.parser.get_http_version()
        waits = self._under_way
        if not waits and self._fast is not None and self.url.startswith(b"/sparql") and self._plain(self._fast):
            return
        self._taken = False
        if (b"expect", b"100-continue") in self.headers:
            self.expect_100_continue = True
        cycle = self._cycle(self._method, self._version, self.url, self.headers, self.parser.should_keep_alive())
        self.cycle = cycle
        if not waits:
            self._start(cycle)
            return
        self.flow.pause_reading()
        self.pipeline.appendleft((cycle, self.app))
        if len(self.pipeline) >= _AHEAD:
            self._no_more()

    def on_body(self, body: bytes) -> None:
        if self._gathered is not None:
            self._gathered.body += body
            self._since = self._clock.second
        elif not self._taken:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._reading, self._between, self._came = "", True, b""
        if not self._taken:
            super().on_message_complete()
            return
        exchange, self._gathered = self._gathered, None
        if exchange is not None and self._fast is not None:
            exchange.more_body = False
            query = self._fast.plain(exchange.headers, exchange.raw, bytes(exchange.body), direct=exchange.direct)
            self._take(self._fast, exchange, query)

    # The short way

    def _known(self, data: bytes) -> bool:
        """Whether this is one whole request whose fields came before, letter for letter, and so need not be parsed."""
        end = data.find(b"\r\n")
        headers = self._clock.heads.get(data[end:])
        if headers is None or self._fast is None or self._full or self._under_way or self.transport.is_closing():
            return False
        line = _LINE.fullmatch(data, 0, end) if end <= _ADDRESS_BYTES else None
        query = self._fast.plain(headers, line[2]) if line is not None else None
        if line is None or query is None:
            return False
        exchange = Exchange(self, headers, line[2], "GET", line[1], list(headers.items()), True)
        self.cycle = self._answering = exchange
        self._take(self._fast, exchange, query)
        return True

    def _learn(self, headers: dict[bytes, bytes]) -> None:
        """The request that came is plain and has these headers. If it came alone and whole, the next one with the same
        fields need not be parsed."""
        data, heads = self._came, self._clock.heads
        end = data.find(b"\r\n")
        line = _LINE.fullmatch(data, 0, max(end, 0))
        if line is None or line[1] != self.url or b"connection" in headers or len(data) - end > _KNOWN_BYTES:
            return
        if data.find(b"\r\n\r\n") == len(data) - 4:
            if len(heads) >= _KNOWN:
                heads.clear()
            heads[data[end:]] = headers

    @property
    def _under_way(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _plain(self, fast: FastQueries) -> bool:
        """Whether this is a plain query, of which the head is there: then it is answered, or its body awaited."""
        path, _, raw = self.url.partition(b"?")
        headers = dict(self.headers)
        if path != b"/sparql" or b"#" in raw or self._version != "1.1" or len(headers) < len(self.headers):
            return False
        posted = self._method == "POST"
        query, kind = None, b""
        if posted:
            kind, length = headers.get(b"content-type", b"").lower().strip(), headers.get(b"content-length", b"")
            if kind not in (FORM, DIRECT) or not length.isdigit() or int(length) > LONGEST or b"expect" in headers:
                return False
        elif self._method != "GET" or b"content-length" in headers or b"transfer-encoding" in headers:
            return False
        else:
            query = fast.plain(headers, raw)
            if query is None:
                return False
            self._learn(headers)
        exchange = Exchange(self, headers, raw, self._method, self.url, self.headers, self.parser.should_keep_alive())
        self.cycle = exchange
        self._answering = exchange
        if posted:
            exchange.direct, exchange.more_body = kind == DIRECT, True
            self._gathered, self._reading, self._since = exchange, "body", self._clock.second
        else:
            self._take(fast, exchange, query)
        return True

    def _take(self, fast: FastQueries, exchange: Exchange, query: Query | None) -> None:
        try:
            if query is None:
                exchange.hand_on({})
            else:
                fast.take(exchange, query)
        except Exception:
            log.exception("a query failed before it was run")
            exchange.fail()

    def respond(self, exchange: Exchange, head: bytes, body: bytes) -> None:
        """Send the answer of the short way."""
        end = b"\r\n" if exchange.keep_alive else b"connection: close\r\n\r\n"
        if len(body) <= _JOINED:
            self.transport.write(b"".join((head, self._clock.line, end, body)))
        else:
            self.transport.writelines((head, self._clock.line, end, body))
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def hand_on(self, exchange: Exchange, extra: dict[str, Any]) -> None:
        """The application is to answer what the short way took."""
        cycle = self._cycle(exchange.method, "1.1", exchange.url, exchange.listed, exchange.keep_alive)
        for key, value in extra.items():
            cycle.scope[key] = value  # type: ignore[literal-required]  # a key of our own
        cycle.body += exchange.body
        cycle.more_body = False
        cycle.message_event.set()
        if self.cycle is exchange:
            self.cycle = cycle
        self._start(cycle)

    # Cycles of uvicorn's, and what they call

    def _cycle(
        self, method: str, version: str, url: bytes, headers: list[tuple[bytes, bytes]], keep_alive: bool
    ) -> RequestResponseCycle:
        parsed = httptools.parse_url(url)
        raw = parsed.path or b"/"
        scope: Any = {
            "type": "http", "asgi": {"version": self.asgi_version, "spec_version": "2.3"}, "http_version": version,
            "server": self.server, "client": self.client, "scheme": self.scheme, "root_path": "", "headers": headers,
            "method": method, "path": unquote(raw.decode("ascii")), "raw_path": raw,
            "query_string": parsed.query or b"",
        }  # fmt: skip
        cycle = RequestResponseCycle(
            scope=scope, transport=self.transport, flow=self.flow, logger=self.logger,
            access_logger=self.access_logger, access_log=False, default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(), expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive and version != "1.0", on_response=self.on_response_complete,
        )  # fmt: skip
        scope[GONE] = partial(getattr, cycle, "disconnected")
        return cycle

    def _start(self, cycle: RequestResponseCycle) -> None:
        self._answering = cycle
        self._start_asgi_task(cycle, self.app)

    def on_response_complete(self) -> None:
        self._since = self._clock.second
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start(self.pipeline.pop()[0])
        elif not self._full:
            self.flow.resume_reading()

    # Limits

    @property
    def idle(self) -> bool:
        """No request is under way, nor has one begun to come."""
        return not self._reading and not self._under_way

    def look(self) -> None:
        """Once a second: has anything taken too long?"""
        now, unsent = self._clock.second, self.transport.get_write_buffer_size()
        if not unsent or unsent < self._unsent:
            self._stuck = now
        self._unsent = unsent
        waited = now - self._since
        if now - self._stuck > _STUCK_SECONDS:
            self.transport.abort()
        elif self.transport.is_closing():
            return
        elif self._gathered is not None or (self._reading == "head" and not self._under_way):
            if waited > COMING_SECONDS:
                self._refuse(408, "request-timeout", "Request Timeout", "The request did not come in time.")
        elif self.idle and waited > _IDLE_SECONDS:
            self.transport.close()

    def _too_long(self) -> None:
        detail = f"A head has {_HEAD_BYTES} bytes and {_HEADERS} fields at most."
        self._refuse(431, "request-header-fields-too-large", "Request Header Fields Too Large", detail)

    def _refuse(self, status: int, slug: str, title: str, detail: str, retry_after: int | None = None) -> None:
        """Answer what cannot be taken, after what was asked before it, and close."""
        if self._under_way and not (self.cycle.more_body and self._answering is self.cycle):
            self._no_more()
            return
        if not self._under_way or not self.cycle.response_started:
            self.transport.write(rendered(status, slug, title, detail, retry_after, self._clock.line))
        self._gathered = None
        self.transport.close()

    def _no_more(self) -> None:
        """Answer what has come so far, then close."""
        self._full = True
        self.cycle.keep_alive = False
        self.flow.pause_reading()
