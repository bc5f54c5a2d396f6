"""The server in a thread, over a real socket, and a client of it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import uvloop
from werkzeug.datastructures import Headers

from graph.sparql.pool.pool import QueryPool
from web.server.asgi import AsgiApplication
from web.server.http_server import HttpServer

__all__ = ["Answer", "Served"]


class Answer:
    """The answer to a request: status, headers and body."""

    def __init__(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.status_code, self.headers, self.data = status, Headers(headers), data

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class Served:
    """Serves from the start; safe to share between threads. `close` closes the pool as well.

    `options` are those of `HttpServer`.
    """

    def __init__(self, application: AsgiApplication, pool: QueryPool, **options: Any) -> None:
        self._application, self._pool, self._options = application, pool, options
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        assert self._ready.wait(20)

    def _serve(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._pool.attach(self._loop)
            self._server = HttpServer(self._application, "127.0.0.1", 0, **self._options)
            self.port = self._server.port
            self._ready.set()
            try:
                await self._server.serve()
            finally:
                self._pool.close()

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())

    def get(self, path: str, query_string: Any = "", headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", path, query_string, headers)

    def ask(
        self, method: str, path: str, query: Any = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        raw = query if isinstance(query, str) else urlencode(query)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent_headers = {"Host": "localhost", "Accept-Encoding": "", **(headers or {})}
            connection.putrequest(method, f"{path}?{raw}" if raw else path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent_headers.items():
                if value:
                    connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def load(self) -> tuple[int, int]:
        """The numbers of queries that run and that wait."""
        return self._pool.load()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(30)
        assert not self._thread.is_alive()
