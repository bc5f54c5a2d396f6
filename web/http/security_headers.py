"""Security headers of every answer: a strict content policy, no sniffing, no framing.

Pages have a policy with a nonce per request. Data (any JSON) has `DATA_POLICY`, under which nothing may run or load.
"""

from __future__ import annotations

import secrets
from typing import Final

from flask import Flask, Response, g

from web.http.rendered_answer import encode_headers

__all__ = ["DATA_HEADERS", "DATA_POLICY", "FIXED", "install", "nonce"]

FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
"""Headers of every answer."""

DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""Content policy of data: nothing in it may run, whatever a browser takes it for."""

_POLICY_HEADER: Final = "Content-Security-Policy"

DATA_HEADERS: Final = encode_headers(*FIXED.items(), (_POLICY_HEADER, DATA_POLICY))
"""All security headers of an answer that is data."""

_FIXED_KEYS: Final = tuple((name, value, name.lower()) for name, value in FIXED.items())


def install(app: Flask) -> None:
    """Add the headers to every answer of the application; one that a view has set stays as it is."""
    app.after_request(_harden)
    app.context_processor(lambda: {"nonce": nonce})


def nonce() -> str:
    """The nonce of this request: the same at each call, another at the next request."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    value: str = g.csp_nonce
    return value


def _page_policy() -> str:
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
    headers = response.headers
    present = {name.lower() for name, _ in headers}  # `setdefault` would read through all of them for each
    if _POLICY_HEADER.lower() not in present:
        headers.add(_POLICY_HEADER, DATA_POLICY if (response.mimetype or "").endswith("json") else _page_policy())
    for name, value, key in _FIXED_KEYS:
        if key not in present:
            headers.add(name, value)
    return response
