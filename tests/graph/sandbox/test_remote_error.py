"""Errors cross from a child to its parent as data."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from graph.errors import (
    AtlasError,
    BadData,
    HomeLocked,
    InputError,
    Overloaded,
    QueryFailed,
    QuerySyntax,
    QueryTimeout,
    UnknownEntity,
)
from graph.sandbox.remote_error import RemoteError


@pytest.mark.parametrize(
    "error",
    [
        InputError("What.", "Do this."),
        QuerySyntax("What.", line=3, column=7),
        QueryTimeout("What.", seconds=1.5),
        HomeLocked("What.", pid=12, retry_after=9),
        Overloaded("What.", retry_after=3),
        UnknownEntity("What.", nearest=(("http://e/a", "A"), ("http://e/b", "B"))),
        BadData("What.", "Do this.", path=Path("/a.ttl"), line=4),
    ],
)
def test_an_error_is_the_same_after_the_crossing(error: AtlasError) -> None:
    sent = msgspec.msgpack.encode(RemoteError.of(error))
    again = msgspec.msgpack.decode(sent, type=RemoteError).restored()
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def test_only_errors_of_ours_are_made() -> None:
    assert type(RemoteError("Unheard", "What.").restored()) is QueryFailed
    assert type(RemoteError("Path", "What.").restored()) is QueryFailed
    assert not hasattr(RemoteError("InputError", "What.", details={"slug2": 1}).restored(), "slug2")
