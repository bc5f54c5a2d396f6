"""The child process that reads risky formats: what the parent says when it dies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graph.documents import isolation
from graph.errors import UnreadableFile

Make = Callable[[str, str | bytes], Path]


def test_a_deadline_is_an_answer(make: Make) -> None:
    path = make("slow.html", "<p>x</p>" * 200_000)
    with pytest.raises(UnreadableFile, match="longer than 0 seconds"):
        isolation.run("html", path, deadline=0.05)


def test_memory_runs_out(make: Make) -> None:
    path = make("big.html", "<p>some words</p>" * 1_000_000)
    with pytest.raises(UnreadableFile) as caught:
        isolation.run("html", path, memory=400 * 1024**2)
    assert caught.value.remedy


def test_the_child_ends_with_its_answer(make: Make) -> None:
    assert isolation.run("html", make("a.html", "<p>Hello there.</p>"))["text"].strip() == "Hello there."
