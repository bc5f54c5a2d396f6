"""Writing a reviewer's decisions on proposed quotes."""

from __future__ import annotations

from collections.abc import Collection

import pyoxigraph as ox

from graph.quotes.review import decision
from graph.storage.generations import Generation
from graph.write.writer import Changes, Session

__all__ = ["review_quotes"]


def review_quotes(session: Session, *, accept: Collection[str] = (), reject: Collection[str] = ()) -> Generation | None:
    """Accept and reject proposed quotes by their IRIs, in one generation; an IRI that is no quote changes nothing.

    >>> from graph.write.writer import Writer
    >>> from tests.support.small import NoIndex
    >>> with Writer(home, NoIndex()).session() as session:
    ...     review_quotes(session, accept=["https://example.org/no-quote"]).name
    '000002'
    """

    def work(store: ox.Store) -> Changes:
        for iri in accept:
            store.update(decision(iri, accept=True))
        for iri in reject:
            store.update(decision(iri, accept=False))
        return Changes(notes={"last_change": "review"})

    return session.change(work)
