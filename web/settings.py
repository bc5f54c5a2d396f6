"""Settings: the only place that reads the environment. Everything else is handed what it needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graph.errors import InputError
from graph.iri import DEFAULT_BASE

__all__ = ["DEFAULT_MODEL", "Settings", "starter_folder"]

DEFAULT_MODEL: Final = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` is the atlas directory; `cache` holds what is made once per machine (the quantised model).

    `reranker` is the folder of a CrossEncoder, None = results stay as they are ranked. `token` opens the write
    endpoints, `read_token` (if set) is asked of every reader. `public_url` is the address that clients use
    (`https://atlas.example.org`), `trusted_proxy` the IP address of the one proxy whose X-Forwarded headers are read.
    Seconds and bytes are plain.
    """

    home: Path
    cache: Path
    model: str = DEFAULT_MODEL
    token: str | None = None
    read_token: str | None = None
    base: str = DEFAULT_BASE
    query_timeout: float = 10.0
    query_workers: int = 2
    search_processes: int = 0
    unfenced: bool = False
    reranker: str | None = None
    public_url: str | None = None
    trusted_proxy: str | None = None

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ, *, home: Path | None = None) -> Settings:
        """From `CREATIVE_ATLAS_…` variables; `home` (from --home) goes before CREATIVE_ATLAS_HOME.

        Raises InputError for a value that is not of its kind.
        """
        return cls(
            home=(home or Path(environ.get("CREATIVE_ATLAS_HOME") or "atlas")).expanduser(),
            cache=_cache(environ),
            model=environ.get("CREATIVE_ATLAS_MODEL") or DEFAULT_MODEL,
            token=environ.get("CREATIVE_ATLAS_TOKEN") or None,
            read_token=environ.get("CREATIVE_ATLAS_READ_TOKEN") or None,
            query_timeout=_number(environ, "CREATIVE_ATLAS_QUERY_TIMEOUT", 10.0, 0.1, 600.0),
            reranker=environ.get("CREATIVE_ATLAS_RERANKER") or None,
            public_url=environ.get("CREATIVE_ATLAS_PUBLIC_URL") or None,
            trusted_proxy=environ.get("CREATIVE_ATLAS_TRUSTED_PROXY") or None,
            unfenced=environ.get("CREATIVE_ATLAS_UNFENCED") == "1",
            query_workers=int(_number(environ, "CREATIVE_ATLAS_QUERY_WORKERS", 2, 1, 64)),
            search_processes=int(_number(environ, "CREATIVE_ATLAS_SEARCH_PROCESSES", _cores(), 0, 64)),
        )


def _cores() -> int:
    """Up to four; on one core, more processes than one gain nothing."""
    cores = min(os.cpu_count() or 1, 4)
    return cores if cores > 1 else 0


def _cache(environ: Mapping[str, str]) -> Path:
    chosen = environ.get("CREATIVE_ATLAS_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    # XDG Base Directory Specification 0.8.
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "creative-atlas"


def _number(environ: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    raw = environ.get(name)
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise InputError(f"{name} is {raw[:40]!r}.", f"Give a number from {least:g} to {most:g}.")
    return value


def starter_folder() -> Path:
    """The data folder that ships with the software: inside the wheel, or beside the packages in a checkout."""
    packaged = Path(__file__).parent / "starter"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "data"
