"""The public address of a request: from its Host, from the trusted proxy, or from the settings."""

from __future__ import annotations

import pytest

from graph.errors import InputError
from web.http.public_address import AddressPolicy, RequestAddress, endpoint_base, valid_host

FORWARDED = {
    b"x-forwarded-for": b"198.51.100.1, 203.0.113.7",
    b"x-forwarded-proto": b"https",
    b"x-forwarded-host": b"atlas.example.org",
}
DIRECT = ("localhost:8000", "127.0.0.1", "http")


@pytest.mark.parametrize(
    ("scheme", "host", "expected"),
    [
        ("http", "example.org:80", "example.org"),
        ("https", "example.org:443", "example.org"),
        ("https", "example.org:80", "example.org:80"),
        ("http", "[::1]:8000", "[::1]:8000"),
        ("http", "a b/<script>", None),
        ("http", "", None),
        ("http", "example.org:99999", None),
    ],
)
def test_hosts(scheme: str, host: str, expected: str | None) -> None:
    assert valid_host(scheme, host) == expected


def test_a_proxy_that_nobody_trusts_says_nothing() -> None:
    for policy in (AddressPolicy(), AddressPolicy(trusted_proxy="192.0.2.1")):
        assert policy.resolve(FORWARDED, *DIRECT) == RequestAddress("http", "localhost:8000", "127.0.0.1")


def test_the_trusted_proxy_names_the_client_the_scheme_and_the_host() -> None:
    """The last of several addresses is the one that the proxy saw; a client can forge the others."""
    policy = AddressPolicy(trusted_proxy="127.0.0.1")
    assert policy.resolve(FORWARDED, *DIRECT) == RequestAddress("https", "atlas.example.org", "203.0.113.7")
    assert policy.resolve({}, *DIRECT) == RequestAddress("http", "localhost:8000", "127.0.0.1")
    nonsense = {b"x-forwarded-proto": b"gopher", b"x-forwarded-host": b"<script>"}
    assert policy.resolve(nonsense, *DIRECT) == RequestAddress("http", "localhost:8000", "127.0.0.1")


def test_the_public_address_of_the_settings_goes_first() -> None:
    policy = AddressPolicy("https://atlas.example.org/", "127.0.0.1")
    forged = FORWARDED | {b"x-forwarded-host": b"evil.example"}
    assert policy.resolve(forged, *DIRECT) == RequestAddress("https", "atlas.example.org", "203.0.113.7")
    assert AddressPolicy("https://atlas.example.org").resolve({}, *DIRECT).scheme == "https"


@pytest.mark.parametrize(
    "address", ["atlas.example.org", "ftp://a", "https://", "https://a/b", "https://a?b", "http://a b"]
)
def test_a_public_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="public address"):
        AddressPolicy(address)


@pytest.mark.parametrize("address", ["localhost", "10.0.0.0/8", "*"])
def test_a_proxy_that_is_no_ip_address_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="trusted proxy"):
        AddressPolicy(trusted_proxy=address)


def test_the_base_of_an_endpoint() -> None:
    assert endpoint_base("https", "a:8443") == "https://a:8443/sparql"
