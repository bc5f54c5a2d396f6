"""The public address of a request: scheme, host and client, as the client sees them.

Behind a proxy the connection says little: its client is the proxy and its scheme is http. `AddressPolicy` reads the
X-Forwarded headers of the one proxy that the settings trust, and of nobody else. A public address in the settings
goes before anything that a request says.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from werkzeug.sansio.utils import get_host

from graph.errors import InputError

__all__ = ["AddressPolicy", "RequestAddress", "endpoint_base", "valid_host"]


class RequestAddress(NamedTuple):
    """`host` carries a port where it is not the scheme's own; `client` is an IP address, None where it is unknown."""

    scheme: str
    host: str
    client: str | None


@lru_cache(maxsize=256)
def valid_host(scheme: str, host: str) -> str | None:
    """The host and port of a Host header, without the scheme's own port; None for a malformed one (RFC 9112 §3.2).

    >>> valid_host("http", "example.org:80"), valid_host("http", "a b")
    ('example.org', None)
    """
    return get_host(scheme, host) or None


def endpoint_base(scheme: str, host: str, path: str = "/sparql") -> str:
    """The address of an endpoint, against which the relative IRIs of a query are resolved.

    >>> endpoint_base("https", "atlas.example.org")
    'https://atlas.example.org/sparql'
    """
    return f"{scheme}://{host}{path}"


class AddressPolicy:
    """Decides which headers of a request tell its address.

    `public_url` is the address that clients use, such as `https://atlas.example.org`; `trusted_proxy` is the IP
    address of the one proxy whose X-Forwarded-For, -Proto and -Host are read. Raises `InputError` for a public
    address that is not http(s) or has a path, and for a proxy that is no IP address.
    """

    def __init__(self, public_url: str | None = None, trusted_proxy: str | None = None) -> None:
        self._public = None if public_url is None else _parse_url(public_url)
        self._proxy = None if trusted_proxy is None else _parse_address(trusted_proxy)

    def resolve(self, headers: Mapping[bytes, bytes], host: str, client: str | None, scheme: str) -> RequestAddress:
        """The public address of a request that came from `client` with a Host header `host`.

        >>> policy = AddressPolicy(trusted_proxy="127.0.0.1")
        >>> forwarded = {b"x-forwarded-for": b"203.0.113.7", b"x-forwarded-proto": b"https"}
        >>> policy.resolve(forwarded, "atlas.example.org", "127.0.0.1", "http")
        RequestAddress(scheme='https', host='atlas.example.org', client='203.0.113.7')
        """
        if self._proxy is not None and client == self._proxy:
            client = _last(headers, b"x-forwarded-for") or client
            forwarded = _last(headers, b"x-forwarded-proto")
            scheme = forwarded if forwarded in ("http", "https") else scheme
            host = valid_host(scheme, _last(headers, b"x-forwarded-host") or host) or host
        if self._public is not None:
            scheme, host = self._public
        return RequestAddress(scheme, host, client)


def _last(headers: Mapping[bytes, bytes], name: bytes) -> str:
    """The last value of a list, which is the one that the proxy itself added; empty where there is none."""
    return headers.get(name, b"").rpartition(b",")[2].strip().decode("latin-1")


def _parse_url(public_url: str) -> tuple[str, str]:
    parts = urlsplit(public_url)
    host = valid_host(parts.scheme, parts.netloc) if parts.scheme in ("http", "https") else None
    if host is None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InputError(
            f"The public address is {public_url[:80]!r}.", "Give scheme and host, as in https://atlas.example.org."
        )
    return parts.scheme, host


def _parse_address(proxy: str) -> str:
    try:
        return str(ipaddress.ip_address(proxy))
    except ValueError:
        raise InputError(f"The trusted proxy is {proxy[:80]!r}.", "Give its IP address, as in 127.0.0.1.") from None
