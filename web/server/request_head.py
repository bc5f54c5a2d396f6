"""Checks of a request's head that need its header fields only. Clients repeat themselves, so verdicts are kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from web.http.answered_hosts import HostPolicy
from web.http.fast_request import RequestHead
from web.http.problems import make_problem
from web.http.public_address import valid_host
from web.http.rendered_answer import Answer, Headers
from web.http.security_headers import DATA_HEADERS
from web.server.asgi_types import Scope

__all__ = ["MAX_HEAD_BYTES", "METHODS", "CheckedHead", "HeadCheck", "answer_target"]

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Methods that some route takes."""

MAX_HEAD_BYTES: Final = 32 << 10
"""Bytes of an address, and of all header fields together."""

MAX_ACCEPT_BYTES: Final = 4 << 10
"""Bytes of an Accept header: reading one of 30 kB takes Werkzeug a tenth of a second, and no client sends one."""

_KEPT_HEADS: Final = 256
_FIELD_BYTES: Final = 4
"""Bytes of a header field beside its name and value."""


class CheckedHead(NamedTuple):
    """The verdict on a head: `refusal` is the answer to a bad one.

    `head` holds its fields, of those that came more than once the last; `is_plain`: none did. `host` is the host that
    it names, empty for HTTP/1.0 without one.
    """

    head: RequestHead
    is_plain: bool
    host: str
    refusal: Answer | None


class HeadCheck:
    """Gives the verdict on the header fields of a request. `hosts`: those that are answered, None: all."""

    def __init__(self, hosts: HostPolicy | None = None) -> None:
        self._hosts = hosts
        self._verdict = lru_cache(maxsize=_KEPT_HEADS)(self._make_verdict)

    def verdict(self, scope: Scope) -> CheckedHead:
        """The verdict on the header fields of a request."""
        return self._verdict(scope["scheme"], scope["http_version"], tuple(scope["headers"]))

    def _make_verdict(self, scheme: str, version: str, fields: Headers) -> CheckedHead:
        headers = dict(fields)
        host = headers.get(b"host", b"").decode("latin-1")
        refusal = _refuse_fields(fields) or _refuse_codings(fields) or _refuse_host(scheme, version, fields)
        refusal = refusal or self._refuse_name(host, fields)
        is_plain = len(headers) == len(fields)
        return CheckedHead(RequestHead(headers), is_plain, valid_host(scheme, host) or host, refusal)

    def _refuse_name(self, host: str, fields: Headers) -> Answer | None:
        """The refusal of a host that this server does not answer to. No browser leaves the Host away."""
        if self._hosts is None or not host:
            return None
        return self._hosts.refusal(host, [value.decode("latin-1") for name, value in fields if name == b"origin"])


def answer_target(scope: Scope) -> Answer | None:
    """The answer where method and address alone decide it: a method or a length that no route takes, or `OPTIONS *`."""
    method, path = scope["method"], scope["raw_path"]
    if method not in METHODS:  # RFC 9110 §9.1
        detail = f"This server knows the methods {', '.join(METHODS)}; ‘{method[:40]}’ is none of them."
        return make_problem(501, "not-implemented", "Not Implemented", detail)
    if path == b"*" and method == "OPTIONS":  # RFC 9110 §9.3.7
        return Answer(204, (*DATA_HEADERS, (b"allow", ", ".join(METHODS).encode())), b"")
    if len(path) + len(scope["query_string"]) <= MAX_HEAD_BYTES:
        return None
    advice = "Send the query by POST." if path == b"/sparql" else "Make it shorter."
    detail = f"The address is longer than {MAX_HEAD_BYTES:,} bytes. {advice}"
    return make_problem(414, "uri-too-long", "URI Too Long", detail)


def _refuse_fields(fields: Headers) -> Answer | None:
    if sum(len(name) + len(value) + _FIELD_BYTES for name, value in fields) > MAX_HEAD_BYTES:
        return _too_large(f"The header fields are longer than {MAX_HEAD_BYTES:,} bytes together.")
    if sum(len(value) for name, value in fields if name == b"accept") > MAX_ACCEPT_BYTES:
        return _too_large(f"The Accept header is longer than {MAX_ACCEPT_BYTES:,} bytes.")
    return None


def _refuse_codings(fields: Headers) -> Answer | None:
    """The refusal of a body that is coded otherwise than in chunks, which the server has decoded (RFC 9112 §6.1)."""
    values = b",".join(value for name, value in fields if name == b"transfer-encoding").lower()
    codings = [coding.strip() for coding in values.split(b",") if coding.strip()]
    if codings in ([], [b"chunked"]):
        return None
    if set(codings) == {b"chunked"}:
        return make_problem(400, "bad-request", "Bad Request", "The body is said to be in chunks more than once.")
    detail = "No transfer coding but “chunked” is taken here. Name a compression of the body in Content-Encoding."
    return make_problem(501, "not-implemented", "Not Implemented", detail)


def _too_large(detail: str) -> Answer:
    return make_problem(431, "request-header-fields-too-large", "Request Header Fields Too Large", detail)


def _refuse_host(scheme: str, version: str, fields: Headers) -> Answer | None:
    """The refusal of a head that does not name one host (RFC 9112 §3.2)."""
    hosts = [value for name, value in fields if name == b"host"]
    if len(hosts) > 1:
        return make_problem(400, "bad-request", "Bad Request", "The request has more than one Host header.")
    host = hosts[0].decode("latin-1") if hosts else ""
    is_old = version in ("1", "1.0")
    if (host or not is_old) and valid_host(scheme, host) is None:
        return make_problem(400, "bad-request", "Bad Request", "The request has no valid Host header.")
    return None
