"""`/quotes`: the quotes that were found for the claims of a source, to accept or to reject.

Deciding is a write: it takes the token, as `Authorization: Bearer …` from a program, or typed into the form by a
person. No cookie carries it, so no other site can decide in a reader's name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from graph.errors import InputError
from graph.quotes.review import decision, offers, read_offers, require_offer
from web.http.auth import Check, same_token
from web.pages.links import with_query
from web.read_model.live_generation import Live
from web.writer_process.service import Writes

__all__ = ["blueprint"]

_SHOWN: Final = 20


def blueprint(live: Live, writes: Writes, check: Check, token: str | None) -> Blueprint:
    """`check` decides on a request that brings its own authorisation; `token` is what people type, None = no form."""
    routes = Blueprint("review", __name__)

    @routes.get("/quotes")
    def waiting() -> ResponseReturnValue:
        return _page(live, token is not None)

    @routes.post("/quotes")
    def decide() -> ResponseReturnValue:
        refused = _refused(check, token)
        if refused is not None:
            return refused(live)
        view = live.view()
        chosen = {name: request.form.getlist(name) for name in ("accept", "reject")}
        if not any(chosen.values()):
            raise InputError("No quote was chosen.", "Send accept=IRI or reject=IRI.")
        for iri in (iri for iris in chosen.values() for iri in iris):
            require_offer(view.snapshot, iri)
        update = " ;\n".join(decision(i, accept=name == "accept") for name, iris in chosen.items() for i in iris)
        writes.update(update, base=request.base_url)
        here = with_query("/quotes", document=request.form.get("document") or None)
        return redirect(here, code=303) if "token" in request.form else ("", 204)

    return routes


def _refused(check: Check, token: str | None) -> Callable[[Live], ResponseReturnValue] | None:
    given = request.form.get("token")
    if given is None or token is None:
        answer = check()
        return None if answer is None else lambda _: answer
    return None if same_token(given, token) else lambda live: (_page(live, form=True, wrong=True), 403)


def _page(live: Live, form: bool, wrong: bool = False) -> str:
    snapshot = live.view().snapshot
    document = request.values.get("document") or None
    waiting = offers(snapshot, document)
    found = list(read_offers(snapshot, waiting[:_SHOWN]))
    held = snapshot.document(document) if document else None
    return render_template(
        "quotes.html", offers=found, total=len(waiting), document=held, form=form, wrong=wrong,
        titles={offer.document: snapshot.label(offer.document) for offer in found},
    )  # fmt: skip
