"""Settings, the only module that reads the environment; all others take their values as arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graph.errors import InputError
from graph.iri import DEFAULT_BASE
from graph.write.term_limits import MAX_TERM_BYTES

__all__ = ["DEFAULT_MODEL", "Settings", "starter_folder"]

DEFAULT_MODEL: Final = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one atlas and its server.

    `home` is the directory of the atlas; `cache` holds the quantised model, which is made once per machine. `token`
    opens the write endpoints, None: there are none; `read_token`, where set, is required of every reader. `base` is
    the start of minted IRIs. `query_timeout` is in seconds; `query_workers` and `search_processes` are numbers of
    processes, 0 search processes: searches run in the server. `unfenced` starts query workers without a system call
    filter. `reranker` is the folder of a CrossEncoder, None: the ranking is final. `public_url` is
    the address that clients use (`https://atlas.example.org`), `trusted_proxy` the IP address of the one proxy whose
    X-Forwarded headers are read. `hosts` are names beside the loopback ones that a server on loopback answers to;
    `cors`: pages of any site may read what anyone may read. `month_first`: in documents, 05/03/2024 is in May.
    `max_term_bytes` is the length of the longest IRI or literal that a write may bring, `max_removed` the share of the
    accepted facts that one update may take out.
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
    month_first: bool = False
    hosts: tuple[str, ...] = ()
    cors: bool = False
    max_term_bytes: int = MAX_TERM_BYTES
    max_removed: float = 0.5

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ, *, home: Path | None = None) -> Settings:
        """Settings from `CREATIVE_ATLAS_…` variables; `home` (from --home) overrides CREATIVE_ATLAS_HOME.

        Raises InputError for a value out of its range.
        """
        return cls(
            home=(home or Path(environ.get("CREATIVE_ATLAS_HOME") or "atlas")).expanduser(),
            cache=_cache(environ),
            model=environ.get("CREATIVE_ATLAS_MODEL") or DEFAULT_MODEL,
            token=environ.get("CREATIVE_ATLAS_TOKEN") or None,
            read_token=environ.get("CREATIVE_ATLAS_READ_TOKEN") or None,
            query_timeout=_number(environ, "CREATIVE_ATLAS_QUERY_TIMEOUT", 10.0, minimum=0.1, maximum=600.0),
            reranker=environ.get("CREATIVE_ATLAS_RERANKER") or None,
            public_url=environ.get("CREATIVE_ATLAS_PUBLIC_URL") or None,
            trusted_proxy=environ.get("CREATIVE_ATLAS_TRUSTED_PROXY") or None,
            month_first=environ.get("CREATIVE_ATLAS_MONTH_FIRST") == "1",
            hosts=tuple(environ.get("CREATIVE_ATLAS_HOSTS", "").replace(",", " ").split()),
            cors=environ.get("CREATIVE_ATLAS_CORS") == "1",
            max_term_bytes=int(
                _number(environ, "CREATIVE_ATLAS_MAX_TERM_BYTES", MAX_TERM_BYTES, minimum=1_000, maximum=1 << 30)
            ),
            max_removed=_number(environ, "CREATIVE_ATLAS_MAX_REMOVED", 0.5, minimum=0.0, maximum=1.0),
            unfenced=environ.get("CREATIVE_ATLAS_UNFENCED") == "1",
            query_workers=int(_number(environ, "CREATIVE_ATLAS_QUERY_WORKERS", 2, minimum=1, maximum=64)),
            search_processes=int(
                _number(environ, "CREATIVE_ATLAS_SEARCH_PROCESSES", _default_search_processes(), minimum=0, maximum=64)
            ),
        )


def _default_search_processes() -> int:
    """One for each core, up to four; none on a single core, where they gain nothing."""
    cores = min(os.cpu_count() or 1, 4)
    return cores if cores > 1 else 0


def _cache(environ: Mapping[str, str]) -> Path:
    folder = environ.get("CREATIVE_ATLAS_CACHE")
    if folder:
        return Path(folder).expanduser()
    # XDG Base Directory Specification 0.8.
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "creative-atlas"


def _number(environ: Mapping[str, str], name: str, default: float, *, minimum: float, maximum: float) -> float:
    raw = environ.get(name)
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        value = float("nan")
    if not minimum <= value <= maximum:
        raise InputError(f"{name} is {raw[:40]!r}.", f"Give a number from {minimum:g} to {maximum:g}.")
    return value


def starter_folder() -> Path:
    """The data folder of the starter atlas: inside the wheel, or beside the packages in a checkout."""
    packaged = Path(__file__).parent / "starter"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "data"
