"""Bodies that are RDF: streamed to temporary files, so that their size is not the size of the process."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from graph.sparql.formats import GRAPHS, by_media_type

__all__ = ["received", "refuse_packed"]

_TAKEN: Final = ", ".join(each.media_type for each in GRAPHS)
_BLOCK: Final = 1 << 16
_GZIP: Final = ("gzip", "x-gzip")


@contextmanager
def received(limit: int) -> Iterator[list[dict[str, Any]]]:
    """The uploads of the request, as `web.writer_process.service` takes them; the files go away at the end.

    `limit`: bytes of the whole body. Raises 413 past it, 415 for what is not RDF, 400 for a form without files.
    """
    request.max_content_length = limit
    with tempfile.TemporaryDirectory(prefix="atlas-upload-") as folder:
        if request.mimetype == "multipart/form-data":
            yield [_part(part, name, Path(folder)) for name, part in _parts()]
        else:
            media_type = _media_type(request.mimetype, request.mimetype_params)
            path = Path(folder) / "body"
            _copy(request.stream, path)
            yield [{"path": str(path), "media_type": media_type, "name": "The body", "packed": _packed()}]


def refuse_packed() -> None:
    """For bodies that are a query or an update. Raises 415 where one is compressed."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", ""):
        raise UnsupportedMediaType("Queries and updates are taken as they are: send it without Content-Encoding.")


def _parts() -> list[tuple[int, FileStorage]]:
    if _packed():
        raise UnsupportedMediaType("Send a form as it is, without Content-Encoding.")
    if request.form:
        said = "The form has a field ‘{}’, which is not read. Name the graph in the address, and send files only."
        raise BadRequest(said.format(next(iter(request.form))[:80]))
    parts = [part for _, part in request.files.items(multi=True)]
    if not parts:
        raise BadRequest("The form holds no file: each part needs a filename and a Content-Type.")
    return list(enumerate(parts))


def _part(part: FileStorage, number: int, folder: Path) -> dict[str, Any]:
    name = f"The part ‘{(part.filename or str(number))[:80]}’"
    media_type = _media_type(part.mimetype, part.mimetype_params)
    path = folder / str(number)
    _copy(part.stream, path)
    return {"path": str(path), "media_type": media_type, "name": name, "packed": False}


def _media_type(given: str, parameters: dict[str, str]) -> str:
    found = by_media_type(given, GRAPHS)
    # JSON, XML and plain text at large are no RDF syntax, although clients may ask for answers by these names.
    if found is None or given.lower() != found.media_type:
        raise UnsupportedMediaType(f"‘{given[:80]}’ is not taken here; send one of: {_TAKEN}.")
    charset = parameters.get("charset", "utf-8")
    if charset.lower().replace("-", "") != "utf8":
        raise UnsupportedMediaType(f"The body is in {charset[:40]}; send it in UTF-8.")
    return found.media_type


def _packed() -> bool:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", *_GZIP):
        raise UnsupportedMediaType(f"Content-Encoding ‘{encoding[:40]}’ is not taken here; send gzip, or none.")
    return encoding in _GZIP


def _copy(source: IO[bytes], path: Path) -> None:
    with open(path, "wb") as target:
        while block := source.read(_BLOCK):
            target.write(block)
