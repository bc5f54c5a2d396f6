"""A client of an RSGI application without a server: what granian hands over, in its smallest form."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import Headers

__all__ = ["Answer", "RsgiClient"]


class _Headers:
    def __init__(self, items: list[tuple[str, str]]) -> None:
        self._items = items

    def __contains__(self, name: str) -> bool:
        return any(each == name for each, _ in self._items)

    def get(self, name: str, default: str | None = None) -> str | None:
        return next((value for each, value in self._items if each == name), default)

    def items(self) -> list[tuple[str, str]]:
        return self._items


class _Scope:
    proto, http_version, scheme, server, client = "http", "1.1", "http", "127.0.0.1:80", "127.0.0.1:40000"
    authority = "localhost"

    def __init__(self, method: str, path: str, query: str, headers: list[tuple[str, str]]) -> None:
        self.method, self.path, self.query_string, self.headers = method, path, query, _Headers(headers)


class Answer:
    """What came back."""

    def __init__(self) -> None:
        self.status_code, self.headers, self.data = 0, Headers(), b""

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    def begin(self, status: int, headers: list[tuple[str, str]]) -> None:
        assert not self.status_code, "answered twice"
        self.status_code, self.headers = status, Headers(headers)


class _Transport:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def send_bytes(self, data: bytes) -> None:
        self._answer.data += data


class _Protocol:
    def __init__(self, body: bytes) -> None:
        self._body, self.answer = body, Answer()

    async def __call__(self) -> bytes:
        return self._body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 1000):
            yield self._body[start : start + 1000]

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answer.begin(status, headers)
        self.answer.data = body

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.answer.begin(status, headers)

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> _Transport:
        self.answer.begin(status, headers)
        return _Transport(self.answer)


class RsgiClient:
    """Asks `application`, which lives in a loop of the client's own; safe to share between threads."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._loop.call_soon_threadsafe(application.__rsgi_init__, self._loop)

    def get(self, path: str, query_string: Any = "", headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", path, query_string, headers)

    def ask(
        self, method: str, path: str, query: Any = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        raw = query if isinstance(query, str) else urlencode(query)
        listed = [(name.lower(), value) for name, value in (headers or {}).items()]
        if body:
            listed.append(("content-length", str(len(body))))
        scope, protocol = _Scope(method, path, raw, listed), _Protocol(body)
        asyncio.run_coroutine_threadsafe(self._application.__rsgi__(scope, protocol), self._loop).result(60)
        # What the application sends from a thread is sent in the loop's next turn.
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(10)
        return protocol.answer

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._application.__rsgi_del__(self._loop)
        self._loop.close()
