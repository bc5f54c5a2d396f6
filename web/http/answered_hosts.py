"""Which hosts a server on loopback answers to, so that pages of other sites cannot read it through a browser here.

A browser on this machine reaches a loopback server for any page. The page may do so under a name of its own that it
lets resolve to 127.0.0.1 (DNS rebinding): the browser then takes page and server for one site, and only the Host
header shows that they are two. Or it sends a request to another site than its own: Origin names the page's site then.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from graph.errors import InputError
from web.http.problems import make_problem
from web.http.public_address import valid_host
from web.http.rendered_answer import Answer

__all__ = ["HostPolicy", "is_loopback"]

_LOCALHOST: Final = "localhost"


def is_loopback(host: str) -> bool:
    """Whether a name or IP address stands for this machine, and for no other.

    >>> is_loopback("127.0.0.1"), is_loopback("atlas.localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == _LOCALHOST or host.endswith(f".{_LOCALHOST}"):  # RFC 6761 §6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class HostPolicy:
    """Answers requests whose Host is a loopback name or one of `names`, with any port.

    `checks_origin`: an Origin, which browsers send, has to name such a host too. Raises `InputError` for a name that is
    no host.
    """

    def __init__(self, names: Iterable[str] = (), *, checks_origin: bool = True) -> None:
        self._names = frozenset(_configured_name(name) for name in names)
        self._checks_origin = checks_origin

    def refusal(self, host: str, origins: Iterable[str]) -> Answer | None:
        """The answer to a request that is refused: 421 for its Host, 403 for one of its Origins.

        >>> policy = HostPolicy(["atlas.example.org"])
        >>> policy.refusal("localhost:8000", []), policy.refusal("atlas.example.org", ["https://atlas.example.org"])
        (None, None)
        >>> policy.refusal("rebound.example", []).status, policy.refusal("localhost", ["null"]).status
        (421, 403)
        """
        if not self._is_known(_name_of(host)):
            return make_problem(421, "misdirected-request", "Misdirected Request", _host_advice(host))
        if self._checks_origin and not all(self._is_known(_name_of_origin(origin)) for origin in origins):
            return make_problem(403, "foreign-origin", "Forbidden", _ORIGIN_ADVICE)
        return None

    def _is_known(self, name: str) -> bool:
        return is_loopback(name) or name in self._names


_ORIGIN_ADVICE: Final = (
    "The request comes from a page of another site. To let pages of any site read this atlas, set "
    "CREATIVE_ATLAS_CORS=1 and restart the server."
)


def _host_advice(host: str) -> str:
    return (
        f"This server answers to the names of this machine only, and the request is for ‘{host[:100]}’. If that is a "
        "name of this server, add it to CREATIVE_ATLAS_HOSTS, or give its address as CREATIVE_ATLAS_PUBLIC_URL, and "
        "restart the server."
    )


def _name_of(host: str) -> str:
    """The name in a valid Host header, without port, brackets and a final dot."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.lower().removesuffix(".")


def _name_of_origin(origin: str) -> str:
    """The name in an Origin header; empty where it names none, as `null`."""
    try:
        return (urlsplit(origin).hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _configured_name(name: str) -> str:
    if valid_host("http", name) is None:
        raise InputError(f"{name[:80]!r} is no host name.", "Give names as in atlas.example.org, without a scheme.")
    return _name_of(name)
