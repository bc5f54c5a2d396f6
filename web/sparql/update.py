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

from graph.sparql.dataset import Dataset
from graph.sparql.update import MAX_UPDATE_BYTES
from web.http.auth import Check
from web.http.request_text import decode_utf8, refuse_compressed, require_utf8
from web.writer_process.service import Done, Writes

__all__ = ["answer", "blueprint", "update_text"]

DIRECT: Final = "application/sparql-update"
FORM: Final = "application/x-www-form-urlencoded"
_MAX_FORM_BYTES: Final = 3 * MAX_UPDATE_BYTES + 65_536
"""Percent-encoding makes three bytes of one."""


def blueprint(writes: Writes, check: Check) -> Blueprint:
    """The route of updates. `check` refuses clients that may not write, before the body is read."""
    bp = Blueprint("update", __name__)
    bp.before_request(check)

    @bp.post("/update")
    def update() -> ResponseReturnValue:
        request.max_content_length = request.max_form_memory_size = _MAX_FORM_BYTES
        text = _text()
        return answer(writes.update(text, base=request.base_url, dataset=_dataset()), 204)

    return bp


def answer(done: Done, status: int) -> Response:
    """An answer without a body. X-Generation names the generation that the write made; X-Atlas-Warning says where the
    engine may have done otherwise than SPARQL says."""
    response = make_response("", status)
    response.headers["X-Generation"] = done.generation
    if done.warnings:
        response.headers["X-Atlas-Warning"] = " ".join(done.warnings)
    response.headers["Server-Timing"] = f"write;dur={done.ms:.1f}"
    return response


def update_text() -> str:
    """The body as an update in UTF-8.

    Raises 415 for another charset or a compressed body, 400 for what is not UTF-8 or empty: an update without an
    operation changes nothing, so an empty body is rather one that was lost on its way.
    """
    refuse_compressed()
    require_utf8(request.mimetype_params, "update")
    return _not_empty(decode_utf8(request.get_data(), "update"))


def _text() -> str:
    """The update of the request, by either way of sending it. Raises 400 and 415."""
    if "update" in request.args:
        raise BadRequest("An update is sent in the body of a POST, not in the address.")
    if request.mimetype == DIRECT:
        return update_text()
    if request.mimetype != FORM:
        raise UnsupportedMediaType(f"POST an update as {DIRECT}, or as the form field `update` ({FORM}).")
    refuse_compressed()
    # Werkzeug would leave other bytes than UTF-8 percent-encoded, which is another update.
    decode_utf8(unquote_to_bytes(request.get_data()), "update")
    texts = request.form.getlist("update")
    if len(texts) != 1:
        raise BadRequest(f"The form holds {len(texts) or 'no'} field{'s' * bool(texts)} `update`; send one.")
    return _not_empty(texts[0])


def _not_empty(text: str) -> str:
    if not text.strip():
        raise BadRequest("The update is empty.")
    return text


def _dataset() -> Dataset:
    """The dataset of the address or of the form, as the protocol allows for each way of sending."""
    parameters = request.values if request.mimetype == FORM else request.args
    dataset = Dataset.of(parameters.getlist("using-graph-uri"), parameters.getlist("using-named-graph-uri"))
    try:
        dataset.arguments()
    except ValueError:
        raise BadRequest("A using-graph-uri or using-named-graph-uri is not an absolute IRI.") from None
    return dataset
