"""Headers that hold every answer: a strict content policy with a nonce per request, no sniffing, no framing."""

from __future__ import annotations

import secrets
from typing import Final

from flask import Flask, Response, g

__all__ = ["FIXED", "install", "nonce"]

FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
"""On every answer, whoever gives it."""


def install(app: Flask) -> None:
    """Add the headers to every answer of the application; one that a view has set stays as it is."""
    app.after_request(_harden)
    app.context_processor(lambda: {"nonce": nonce})


def nonce() -> str:
    """This request's nonce: the same at each call, another at the next request."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    value: str = g.csp_nonce
    return value


def _policy() -> str:
    # strict-dynamic: a script that carries the nonce may import the modules it needs, nothing else runs.
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce()}' 'strict-dynamic'",
            f"style-src 'self' 'nonce-{nonce()}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _policy())
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    return response
