"""Who may write and, where a read token is set, who may read.

Writing takes `Authorization: Bearer TOKEN` and nothing else, so that no other site can make a browser write. Reading
takes the same form, or HTTP Basic with any user name and the token as password, which lets a person log in with a
browser. The write token reads too. Tokens are compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from web.http.problems import problem_response

__all__ = ["install_read_token", "same_token", "write_check"]

_REALM: Final = "Creative Atlas"
_OPEN: Final = ("/healthz", "/readyz")
"""Asked by load balancers and supervisors, which have no token; they say nothing of what the atlas holds."""

Check = Callable[[], ResponseReturnValue | None]
"""Called before a request; what it returns is the answer, None lets the request through."""


def write_check(token: str | None) -> Check:
    """The check before each write: 403 where no token is configured, 401 where the request's is not it."""

    def check() -> ResponseReturnValue | None:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return None
        if token is None:
            return problem_response(
                403,
                "writes-disabled",
                "Writing is switched off",
                "This service takes no writes: no token is configured. To enable them, set CREATIVE_ATLAS_TOKEN to a "
                "long random text, restart the service, and send it as `Authorization: Bearer …`.",
            )
        given = request.authorization
        if given is None:
            raise _unauthorised("A write needs the token: send `Authorization: Bearer …`.", "bearer")
        if given.type != "bearer" or not same_token(given.token, token):
            raise _unauthorised("This token does not open the write side of the service.", "bearer", "invalid_token")
        return None

    return check


def install_read_token(app: Flask, read_token: str | None, token: str | None) -> None:
    """Ask every request for the read token, where there is one."""
    if read_token is None:
        return

    @app.before_request
    def check() -> ResponseReturnValue | None:
        # A browser sends no credentials with the question whether it may ask.
        if request.method == "OPTIONS" or request.path in _OPEN:
            return None
        given = request.authorization
        secret = (given.token if given.type == "bearer" else given.password) if given is not None else None
        if same_token(secret, read_token) | (token is not None and same_token(secret, token)):
            return None
        raise _unauthorised("Reading this atlas needs its token.", "basic", "invalid_token" if given else None)


def same_token(given: str | None, expected: str) -> bool:
    """By digests of one length: neither the content nor the length of the secret shows in the time taken."""
    left, right = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (given or "", expected))
    return hmac.compare_digest(left, right) and given is not None


def _unauthorised(detail: str, scheme: str, error: str | None = None) -> Unauthorized:
    """RFC 9110 §11.6.1, RFC 6750 §3. A browser asks its user for a password where it is offered `Basic`."""
    challenges = [WWWAuthenticate("bearer", {"realm": _REALM, **({"error": error} if error else {})})]
    if scheme == "basic":
        challenges.insert(0, WWWAuthenticate("basic", {"realm": _REALM, "charset": "UTF-8"}))
    return Unauthorized(detail, www_authenticate=challenges)
