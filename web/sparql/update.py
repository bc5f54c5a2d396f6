"""`POST /update`: the SPARQL 1.1 Protocol's update operation (https://www.w3.org/TR/sparql11-protocol/#update-operation).

The answer comes when the new generation is published, so the same client's next query sees the change; it is 204, with
the generation in `X-Generation`. A request of several operations is applied whole or not at all.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from graph.errors import QuerySyntax
from graph.sparql.dataset import Dataset
from graph.sparql.update import MAX_UPDATE_BYTES
from web.http.auth import Check
from web.http.uploads import refuse_packed
from web.writer_process.service import Done, Writes

__all__ = ["answer", "blueprint", "update_text"]

DIRECT: Final = "application/sparql-update"
FORM: Final = "application/x-www-form-urlencoded"
_FORM_BYTES: Final = 3 * MAX_UPDATE_BYTES + 65_536
"""Percent-encoding makes three bytes of one."""


def blueprint(writes: Writes, check: Check) -> Blueprint:
    """`check` refuses those who may not write, before anything of the body is read."""
    bp = Blueprint("update", __name__)
    bp.before_request(check)

    @bp.post("/update")
    def update() -> ResponseReturnValue:
        request.max_content_length = request.max_form_memory_size = _FORM_BYTES
        text = _text()
        return answer(writes.update(text, base=request.base_url, dataset=_dataset()), 204)

    return bp


def answer(done: Done, status: int) -> Response:
    """An answer without a body, which says the generation that the write made."""
    response = make_response("", status)
    response.headers["X-Generation"] = done.generation
    response.headers["Server-Timing"] = f"write;dur={done.ms:.1f}"
    return response


def update_text() -> str:
    """The body as an update in UTF-8. Raises 415 for another charset or a compressed one, 400 for what is not UTF-8."""
    refuse_packed()
    charset = request.mimetype_params.get("charset", "utf-8")
    if charset.lower().replace("-", "") != "utf8":
        raise UnsupportedMediaType(f"The update is in {charset[:40]}; send it in UTF-8.")
    return _decoded(request.get_data())


def _text() -> str:
    """The update of the request, by either way of sending it. Raises 400 and 415."""
    if "update" in request.args:
        raise BadRequest("An update is sent in the body of a POST, not in the address.")
    if request.mimetype == DIRECT:
        return update_text()
    if request.mimetype != FORM:
        raise UnsupportedMediaType(f"POST an update as {DIRECT}, or as the form field `update` ({FORM}).")
    refuse_packed()
    raw = request.get_data()
    _decoded(unquote_to_bytes(raw))  # Werkzeug would leave other bytes percent-encoded, which is another update
    found = request.form.getlist("update")
    if len(found) != 1:
        raise BadRequest(f"The form holds {len(found) or 'no'} field{'s' * bool(found)} `update`; send one.")
    return found[0]


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise QuerySyntax(f"The update is not valid UTF-8 (byte {error.start}).", "Send it in UTF-8.") from None


def _dataset() -> Dataset:
    """That of the address or of the form, as the protocol allows for each way of sending."""
    given = request.values if request.mimetype == FORM else request.args
    dataset = Dataset.of(given.getlist("using-graph-uri"), given.getlist("using-named-graph-uri"))
    try:
        dataset.arguments()
    except ValueError:
        raise BadRequest("A using-graph-uri or using-named-graph-uri is not an absolute IRI.") from None
    return dataset
