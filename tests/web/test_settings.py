from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from graph.errors import InputError
from web.http.answered_hosts import is_loopback
from web.server.address import check_address, host_policy
from web.settings import Settings, starter_folder


def test_settings_come_from_the_environment_given() -> None:
    read = Settings.read(
        {"CREATIVE_ATLAS_HOME": "/tmp/x", "CREATIVE_ATLAS_QUERY_TIMEOUT": "2.5", "XDG_CACHE_HOME": "/c"}
    )
    assert (read.home, read.query_timeout, read.cache) == (Path("/tmp/x"), 2.5, Path("/c/creative-atlas"))
    assert Settings.read({"CREATIVE_ATLAS_HOME": "/tmp/x"}, home=Path("y")).home == Path("y")
    assert Settings.read({}).home == Path("atlas")


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf", "1e9"])
def test_a_senseless_number_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="CREATIVE_ATLAS_QUERY_TIMEOUT"):
        Settings.read({"CREATIVE_ATLAS_QUERY_TIMEOUT": value})


def test_starter_data_is_found() -> None:
    assert (starter_folder() / "ontology.ttl").is_file()


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_opening_to_others_needs_a_decision(tmp_path: Path) -> None:
    closed = Settings(home=tmp_path, cache=tmp_path)
    with pytest.raises(InputError, match="--public"):
        check_address("0.0.0.0", 0, public=False, settings=closed, fenced=True)
    with pytest.raises(InputError, match="seccomp"):
        check_address("0.0.0.0", 0, public=True, settings=closed, fenced=False)
    check_address("127.0.0.1", 0, public=False, settings=closed, fenced=False)


def test_only_a_loopback_server_for_all_readers_of_this_machine_looks_at_hosts(tmp_path: Path) -> None:
    settings = Settings.read(
        {"CREATIVE_ATLAS_HOME": str(tmp_path), "CREATIVE_ATLAS_HOSTS": "one.example, two.example",
         "CREATIVE_ATLAS_PUBLIC_URL": "https://three.example"}
    )  # fmt: skip
    policy = host_policy("127.0.0.1", public=False, settings=settings)
    assert policy is not None
    assert not any(policy.refusal(f"{name}.example", []) for name in ("one", "two", "three"))
    assert policy.refusal("four.example", [])
    assert policy.refusal("localhost", ["https://four.example"])
    opened = host_policy("127.0.0.1", public=False, settings=replace(settings, cors=True))
    assert opened is not None and opened.refusal("localhost", ["https://four.example"]) is None
    assert host_policy("127.0.0.1", public=True, settings=settings) is None
    assert host_policy("127.0.0.1", public=False, settings=replace(settings, read_token="secret")) is None
    assert host_policy("0.0.0.0", public=True, settings=settings) is None


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="--port"):
        port = taken.getsockname()[1]
        check_address("127.0.0.1", port, public=False, settings=Settings(home=tmp_path, cache=tmp_path), fenced=True)


def test_an_address_of_another_machine_is_said(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, cache=tmp_path)
    with pytest.raises(InputError, match="--host"):
        check_address("192.0.2.1", 0, public=True, settings=settings, fenced=True)  # set aside for documentation
