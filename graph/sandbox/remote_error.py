"""An error of ours as a message: what a child raises, its parent raises again."""

from __future__ import annotations

from pathlib import Path

import msgspec

from graph import errors
from graph.errors import AtlasError, QueryFailed

__all__ = ["RemoteError"]

_Detail = bool | str | int | float | None | list[list[str]]


class RemoteError(msgspec.Struct, tag="error", frozen=True):
    """`name` is the class of an AtlasError; `details` are its fields beside message and remedy."""

    name: str
    message: str
    remedy: str = ""
    details: dict[str, _Detail] = {}

    @classmethod
    def of(cls, error: AtlasError) -> RemoteError:
        """The message for an error.

        >>> RemoteError.of(errors.QueryTimeout("Too slow.", "Ask for less.", seconds=3.0)).restored()
        QueryTimeout('Too slow.')
        """
        details = {name: _plain(value) for name, value in vars(error).items() if name not in ("message", "remedy")}
        return cls(type(error).__name__, error.message, error.remedy, details)

    def restored(self) -> AtlasError:
        """The error. Only classes of our own tree are made: what is none of them is a QueryFailed."""
        kind = getattr(errors, self.name, QueryFailed) if self.name in errors.__all__ else QueryFailed
        error: AtlasError = kind(self.message, self.remedy)
        for name, default in list(vars(error).items()):
            if name in self.details and name not in ("message", "remedy"):
                setattr(error, name, _typed(name, self.details[name], default))
        return error


def _plain(value: object) -> _Detail:
    if isinstance(value, tuple):
        return [[str(part) for part in row] for row in value]
    return value if isinstance(value, bool | str | int | float | None) else str(value)


def _typed(name: str, value: _Detail, default: object) -> object:
    if isinstance(value, list):
        return tuple(tuple(row) for row in value) if isinstance(default, tuple) else default
    return Path(value) if name == "path" and isinstance(value, str) else value
