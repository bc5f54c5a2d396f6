"""Problems (RFC 9457) for requests that do not reach the application."""

from __future__ import annotations

import json
from http import HTTPStatus

from web.http.problems import TYPES

__all__ = ["refusal", "rendered"]

Headers = list[tuple[str, str]]


def refusal(status: int, slug: str, title: str, detail: str, retry_after: int | None = None) -> tuple[Headers, bytes]:
    """The headers and the body."""
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


def rendered(status: int, slug: str, title: str, detail: str, retry_after: int | None, date: bytes) -> bytes:
    """All of it as it is sent, on a connection that is closed then. `date` is a header line with its end."""
    headers, body = refusal(status, slug, title, detail, retry_after)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
    return f"{head}{lines}".encode() + date + b"\r\n" + body
