"""Tokens: who may write and, where a read token is set, who may read.

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
from werkzeug.datastructures import Authorization, WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from web.http.problems import problem_response

__all__ = ["Check", "ReadAccess", "install_read_token", "same_token", "write_check"]

_REALM: Final = "Creative Atlas"
_OPEN_PATHS: Final = ("/healthz", "/readyz")
"""Requested by load balancers and supervisors, which have no token; they say nothing of what the atlas holds."""

Check = Callable[[], ResponseReturnValue | None]
"""Called before a request; what it returns is the answer, None admits the request."""


class ReadAccess:
    """Decides who may read. Without a read token everybody may; the write token reads too."""

    def __init__(self, read_token: str | None, token: str | None = None) -> None:
        self._read_token, self._token = read_token, token

    def allows(self, authorization: str | None) -> bool:
        """Whether a request with this Authorization header may read.

        >>> ReadAccess("secret").allows("Bearer secret"), ReadAccess("secret").allows(None)
        (True, False)
        """
        if self._read_token is None:
            return True
        secret = _bearer_token(authorization)
        if secret is None and (authorization or "")[:6].lower() == "basic ":
            # Other schemes have parameters, of which Werkzeug reads 32 kB in eight milliseconds.
            credentials = Authorization.from_header(authorization)
            secret = None if credentials is None else credentials.password
        writes = self._token is not None and same_token(secret, self._token)
        return same_token(secret, self._read_token) | writes


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
        authorization = request.headers.get("Authorization")
        if authorization is None:
            raise _unauthorised("A write needs the token: send `Authorization: Bearer …`.", "bearer")
        if not same_token(_bearer_token(authorization), token):
            raise _unauthorised("This token does not open the write side of the service.", "bearer", "invalid_token")
        return None

    return check


def install_read_token(app: Flask, access: ReadAccess) -> None:
    """Refuse every request with 401 that `access` does not allow to read."""

    @app.before_request
    def check() -> ResponseReturnValue | None:
        # A browser sends no credentials with a preflight request.
        if request.method == "OPTIONS" or request.path in _OPEN_PATHS:
            return None
        authorization = request.headers.get("Authorization")
        if access.allows(authorization):
            return None
        raise _unauthorised("Reading this atlas needs its token.", "basic", "invalid_token" if authorization else None)


def same_token(token: str | None, expected: str) -> bool:
    """Whether two tokens are equal, in constant time.

    The digests have one length, so neither the content nor the length of the secret shows in the time taken.

    >>> same_token("secret", "secret"), same_token(None, "secret")
    (True, False)
    """
    left, right = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (token or "", expected))
    return hmac.compare_digest(left, right) and token is not None


def _bearer_token(authorization: str | None) -> str | None:
    """The token of `Bearer TOKEN`, whatever its characters; None for every other scheme. Bytes over 127 are UTF-8.

    Werkzeug's parser takes a token with a `=` inside for parameters.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        return token.strip().encode("latin-1").decode("utf-8")
    except UnicodeError:
        return token.strip()


def _unauthorised(detail: str, scheme: str, error: str | None = None) -> Unauthorized:
    """RFC 9110 §11.6.1, RFC 6750 §3. A browser asks its user for a password where it is offered `Basic`."""
    challenges = [WWWAuthenticate("bearer", {"realm": _REALM, **({"error": error} if error else {})})]
    if scheme == "basic":
        challenges.insert(0, WWWAuthenticate("basic", {"realm": _REALM, "charset": "UTF-8"}))
    return Unauthorized(detail, www_authenticate=challenges)
