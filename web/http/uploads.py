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
from web.http.request_text import is_gzipped, require_utf8

__all__ = ["received"]

_ACCEPTED: Final = ", ".join(syntax.media_type for syntax in GRAPHS)
_BLOCK_BYTES: Final = 1 << 16
_MAX_SHOWN_CHARS: Final = 80


@contextmanager
def received(limit: int) -> Iterator[list[dict[str, Any]]]:
    """The uploads of the request, as `web.writer_process.service` takes them; the files go away at the end.

    `limit`: bytes of the whole body. Raises 413 past it, 415 for what is not RDF, 400 for a form without files.
    """
    request.max_content_length = limit
    with tempfile.TemporaryDirectory(prefix="atlas-upload-") as folder:
        if request.mimetype == "multipart/form-data":
            yield [_save_part(part, number, Path(folder)) for number, part in enumerate(_parts())]
        else:
            media_type = _media_type(request.mimetype, request.mimetype_params)
            path = Path(folder) / "body"
            _copy(request.stream, path)
            yield [{"path": str(path), "media_type": media_type, "name": "The body", "packed": is_gzipped()}]


def _parts() -> list[FileStorage]:
    if is_gzipped():
        raise UnsupportedMediaType("Send a form as it is, without Content-Encoding.")
    if request.form:
        field = next(iter(request.form))[:_MAX_SHOWN_CHARS]
        raise BadRequest(
            f"The form has a field ‘{field}’, which is not read. Name the graph in the address, and send files only."
        )
    parts = [part for _, part in request.files.items(multi=True)]
    if not parts:
        raise BadRequest("The form holds no file: each part needs a filename and a Content-Type.")
    return parts


def _save_part(part: FileStorage, number: int, folder: Path) -> dict[str, Any]:
    name = f"The part ‘{(part.filename or str(number))[:_MAX_SHOWN_CHARS]}’"
    media_type = _media_type(part.mimetype, part.mimetype_params)
    path = folder / str(number)
    _copy(part.stream, path)
    return {"path": str(path), "media_type": media_type, "name": name, "packed": False}


def _media_type(name: str, parameters: dict[str, str]) -> str:
    syntax = by_media_type(name, GRAPHS)
    # JSON, XML and plain text at large are no RDF syntax, although clients may ask for answers by these names.
    if syntax is None or name.lower() != syntax.media_type:
        raise UnsupportedMediaType(f"‘{name[:_MAX_SHOWN_CHARS]}’ is not taken here; send one of: {_ACCEPTED}.")
    require_utf8(parameters, "body")
    return syntax.media_type


def _copy(source: IO[bytes], path: Path) -> None:
    with open(path, "wb") as target:
        while block := source.read(_BLOCK_BYTES):
            target.write(block)
