"""The child process that reads risky formats: what it may not do, and what the parent says when it dies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.documents import isolation
from graph.errors import UnreadableFile
from tests.support.paths import ROOT

Make = Callable[[str, str | bytes], Path]

PROBE = """
import json, sys
sys.path.insert(0, {root!r})
from graph.documents.isolated_main import _fence
import socket
_fence({{"seconds": {seconds}, "memory": 1 << 30, "output": 1 << 16}})
{body}
"""


def probe(body: str, seconds: float = 10) -> subprocess.CompletedProcess[str]:
    """Runs some Python behind the fence."""
    code = PROBE.format(root=str(ROOT), body=body, seconds=seconds)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/hostname')",
        "open('/tmp/creative-atlas-probe', 'w')",
        "socket.socket()",
        "__import__('os').posix_spawn('/bin/true', ['true'], {})",
        "bytearray(1 << 31)",
    ],
)
def test_the_fence_holds(attempt: str) -> None:
    result = probe(
        f"try:\n    {attempt}\n    print('got through')\nexcept (OSError, MemoryError):\n    print('refused')"
    )
    assert result.stdout.strip() == "refused"


def test_time_runs_out() -> None:
    assert probe("while True: pass", seconds=0.3).returncode < 0


def test_a_deadline_is_an_answer(make: Make) -> None:
    path = make("slow.html", "<p>x</p>" * 200_000)
    with pytest.raises(UnreadableFile, match="longer than 0 seconds"):
        isolation.run("html", path, deadline=0.05)


def test_memory_runs_out(make: Make) -> None:
    path = make("big.html", "<p>some words</p>" * 1_000_000)
    with pytest.raises(UnreadableFile) as caught:
        isolation.run("html", path, memory=600 * 1024**2)
    assert caught.value.remedy


def test_the_child_ends_with_its_answer(make: Make) -> None:
    assert isolation.run("html", make("a.html", "<p>Hello there.</p>"))["text"].strip() == "Hello there."
