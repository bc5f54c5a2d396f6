"""Hosts and origins that a server on loopback answers to."""

from __future__ import annotations

import json

import pytest

from graph.errors import InputError
from web.http.answered_hosts import HostPolicy

POLICY = HostPolicy(["atlas.example.org", "10.0.0.7:8080"])


def status(host: str, *origins: str, policy: HostPolicy = POLICY) -> int | None:
    refusal = policy.refusal(host, origins)
    return refusal.status if refusal else None


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8000", "localhost.", "atlas.localhost:8000", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000",
     "127.0.0.1.", "[::1]", "atlas.example.org", "Atlas.Example.org:8000", "10.0.0.7"],
)  # fmt: skip
def test_loopback_names_and_configured_ones_are_answered(host: str) -> None:
    assert status(host) is None
    assert status(host, f"https://{host}") is None


@pytest.mark.parametrize(
    "host",
    ["rebind.example:8830", "localhost.example", "example-localhost", "127.0.0.1.nip.io", "192.168.1.5", "0.0.0.0",
     "[::ffff:192.0.2.1]", "sub.atlas.example.org"],
)  # fmt: skip
def test_foreign_hosts_are_told_that_they_are_misdirected(host: str) -> None:
    refusal = POLICY.refusal(host, [])
    assert refusal is not None and refusal.status == 421
    problem = json.loads(refusal.body)
    assert host in problem["detail"] and "CREATIVE_ATLAS_HOSTS" in problem["detail"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://[", "file://", "http://localhost.evil.example:8000"]
)
def test_pages_of_other_sites_are_refused(origin: str) -> None:
    assert status("localhost", origin) == 403
    assert status("localhost", "http://localhost", origin) == 403
    assert status("localhost", origin, policy=HostPolicy(checks_origin=False)) is None


@pytest.mark.parametrize("name", ["a b", "https://atlas.example.org", "<script>", "a:99999"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="host name"):
        HostPolicy([name])
