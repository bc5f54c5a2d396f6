"""Sandbox of every kind of child process, tried with its real profile and limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graph.sandbox import landlock, seccomp
from graph.sandbox.child import Child
from graph.sandbox.enter import SandboxLimits
from graph.sandbox.environment import module_paths
from graph.sandbox.exit_reason import Death, DeathReason, KillReason, read_death
from graph.sandbox.seccomp import Profile
from tests.support.paths import ROOT
from tests.support.query_pool import Listener
from tests.support.waiting import is_running, wait_until

pytestmark = pytest.mark.skipif(not seccomp.available(), reason="this system has no seccomp")
needs_landlock = pytest.mark.skipif(not landlock.available(), reason="this kernel has no Landlock")

PROFILES: list[Profile] = ["reader", "query", "writer", "searcher"]
PROBE = "tests.graph.sandbox.probe"


def limits_of(profile: Profile, folder: Path, wall_seconds: float | None = None) -> SandboxLimits:
    """As the parents give them: a writer and a searcher may write in a folder of their own, and only a searcher is
    kept from reading other folders than its own and those of the libraries."""
    inside = str(folder / "inside")
    libraries = [*module_paths(), sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/dev", "/proc"]
    return SandboxLimits(
        profile,
        file_bytes=1 << 20,
        wall_seconds=wall_seconds,
        readable=libraries if profile == "searcher" else None,
        writable=[inside] if profile in ("writer", "searcher") else (),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inside").mkdir()
    (tmp_path / "kept").write_bytes(b"kept")
    return tmp_path


@needs_landlock
@pytest.mark.parametrize("profile", PROFILES)
def test_no_child_gets_out(profile: Profile, folder: Path, listener: Listener) -> None:
    port = listener.url.rsplit(":", 1)[1].rstrip("/")
    with (folder / "output").open("w+b") as output:
        child = Child(PROBE, [str(folder), port], limits=limits_of(profile, folder), stdout=output)
        assert child.end(60) == Death("exit", "status 0")
        output.seek(0)
        outcomes = json.loads(output.read())
    allowed = {"reader": [], "query": ["read outside"], "writer": ["read outside", "write inside"]}
    assert outcomes == allowed.get(profile, ["write inside"])
    assert listener.connections == 0
    assert (folder / "kept").read_bytes() == b"kept"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_child_dies_at_its_deadline(profile: Profile, folder: Path) -> None:
    limits = limits_of(profile, folder, wall_seconds=1.5)
    child = Child(PROBE, [str(folder), "9", "spin"], limits=limits)
    assert child.end(60).reason == "deadline"
    assert child.killed is None, "by its own alarm"


PARENT = """
import sys, time
from pathlib import Path
from graph.sandbox.child import Child
from tests.graph.sandbox.test_children import PROBE, limits_of
folder = Path(sys.argv[2])
with (folder / "output").open("wb") as output:
    child = Child(PROBE, [sys.argv[2], "9", sys.argv[3]], limits=limits_of(sys.argv[1], folder), stdout=output)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("work", ["spin", "sleep"])
def test_a_child_dies_with_its_parent(profile: Profile, work: str, folder: Path) -> None:
    """Whatever it is doing: the parent is killed and cannot tell it."""
    command = [sys.executable, "-c", PARENT, profile, str(folder), work]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        wait_until(lambda: (folder / "output").stat().st_size > 0)
        assert is_running(pid)
        parent.kill()
    wait_until(lambda: not is_running(pid))


def test_a_child_of_an_owner_who_ended_before_it_began_ends(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    argument = limits_of("query", folder).to_argument(reading)
    command = [sys.executable, "-m", PROBE, argument, str(folder), "9", "sleep"]
    assert subprocess.run(command, cwd=ROOT, pass_fds=[reading], timeout=60, check=False).returncode != 0
    os.close(reading)


def test_killing_takes_the_whole_process_group_and_the_first_reason_stands(folder: Path) -> None:
    child = Child(PROBE, [str(folder), "9", "sleep"], limits=limits_of("query", folder))
    child.kill("cancelled")
    child.kill("deadline")
    assert child.end().reason == "cancelled"
    assert child.end() == child.end()


@pytest.mark.parametrize(
    ("status", "stderr", "killed", "reason"),
    [
        (0, "", None, "exit"),
        (-14, "", None, "deadline"),
        (-24, "", None, "deadline"),
        (-9, "", "deadline", "deadline"),
        (-9, "", "cancelled", "cancelled"),
        (-9, "", None, "memory"),
        (-6, "memory allocation of 99 bytes failed", None, "memory"),
        (1, "Traceback\nMemoryError", None, "memory"),
        (-6, "thread 'main' has overflowed its stack", None, "stack"),
        (-11, "", None, "stack"),
        (-25, "", None, "size"),
        (-31, "", None, "refused"),
        (3, "", None, "unexpected"),
    ],
)
def test_deaths(status: int, stderr: str, killed: KillReason | None, reason: DeathReason) -> None:
    assert read_death(status, stderr, killed).reason == reason


def test_an_external_kill_is_distinguished_from_our_own() -> None:
    assert read_death(-9).from_outside and read_death(-15).from_outside
    assert not read_death(-9, killed="deadline").from_outside and not read_death(-11).from_outside
