"""`/quotes`: quotes offered for the claims of a source, to accept or to reject.

A decision is a write: it needs the token, as `Authorization: Bearer …` from a program, or typed into the form by a
person. No cookie carries it, so no other site can decide in a reader's name.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from graph.errors import InputError
from graph.quotes.review import decision, proposed_quotes, read_proposed_quotes, require_proposed_quote
from web.http.auth import Check, same_token
from web.pages.links import with_query
from web.read_model.live_generation import Live, View
from web.writer_process.service import Writes

__all__ = ["blueprint"]

QUOTES_SHOWN: Final = 20


def blueprint(live: Live, writes: Writes, check: Check, token: str | None) -> Blueprint:
    """`check` judges the Authorization header of a request; `token` is what people type; None: no form."""
    routes = Blueprint("review", __name__)

    @routes.get("/quotes")
    def page() -> ResponseReturnValue:
        return _page(live.view(), form=token is not None)

    @routes.post("/quotes")
    def decide() -> ResponseReturnValue:
        refusal = _refusal(check, token, live)
        if refusal is not None:
            return refusal
        view = live.view()
        chosen = {name: request.form.getlist(name) for name in ("accept", "reject")}
        if not any(chosen.values()):
            raise InputError("No quote was chosen.", "Send accept=IRI or reject=IRI.")
        for iri in (iri for iris in chosen.values() for iri in iris):
            require_proposed_quote(view.snapshot, iri)
        update = " ;\n".join(decision(iri, accept=name == "accept") for name, iris in chosen.items() for iri in iris)
        writes.update(update, base=request.base_url)
        page_address = with_query("/quotes", document=request.form.get("document") or None)
        return redirect(page_address, code=303) if "token" in request.form else ("", 204)

    return routes


def _refusal(check: Check, token: str | None, live: Live) -> ResponseReturnValue | None:
    """The answer to a request without the token. The generation is opened only for a person who mistyped it."""
    write_token = request.form.get("token")
    if write_token is None or token is None:
        return check()
    return None if same_token(write_token, token) else (_page(live.view(), form=True, wrong=True), 403)


def _page(view: View, *, form: bool, wrong: bool = False) -> str:
    snapshot = view.snapshot
    document = request.values.get("document") or None
    waiting = proposed_quotes(snapshot, document)
    shown = list(read_proposed_quotes(snapshot, waiting[:QUOTES_SHOWN]))
    return render_template(
        "quotes.html",
        proposed_quotes=shown,
        total=len(waiting),
        document=snapshot.document(document) if document else None,
        form=form,
        wrong=wrong,
        titles={proposal.document: snapshot.label(proposal.document) for proposal in shown},
    )
