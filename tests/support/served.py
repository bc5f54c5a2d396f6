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

from werkzeug.datastructures import Headers

from graph.sparql.pool.pool import QueryPool
from web.server.connection import CONNECTIONS
from web.server.server import Server

__all__ = ["Answer", "Served"]


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.status_code, self.headers, self.data = status, Headers(headers), data

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class Served:
    """Serves from the start; safe to share between threads. `close` closes the pool as well."""

    def __init__(self, front: Any, fast: Any, pool: QueryPool, connections: int = CONNECTIONS) -> None:
        self.server = Server(front, fast, "127.0.0.1", 0, connections)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._pool = pool
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        assert self._ready.wait(20)

    def _serve(self) -> None:
        async def main() -> None:
            self.loop = asyncio.get_running_loop()
            self._pool.attach(self.loop)
            self._ready.set()
            try:
                await self.server.serve([self._socket])
            finally:
                self._pool.close()

        with asyncio.Runner(loop_factory=self.server.config.get_loop_factory()) as runner:
            runner.run(main())

    def get(self, path: str, query_string: Any = "", headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", path, query_string, headers)

    def ask(
        self, method: str, path: str, query: Any = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        raw = query if isinstance(query, str) else urlencode(query)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            given = {"Host": "localhost", "Accept-Encoding": "", **(headers or {})}
            connection.putrequest(method, f"{path}?{raw}" if raw else path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                if value:
                    connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def close(self) -> None:
        self.server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()
