"""Entities that the atlas must not hold: a person who asked to be left out, say.

The list is an entry of the manifest, not of the graph, so that no query tells who is on it; each write of this atlas
takes out whatever it names (`Session.change`), and so keeps it out for good.
"""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox

from graph.claims.purge import purge
from graph.entities.view import nearest
from graph.errors import InputError, UnknownEntity
from graph.storage.generations import Home
from graph.storage.snapshot import DEFAULT, Snapshot, node, term
from graph.vocabulary import compact, expand
from graph.write.writer import SUPPRESSED, Changes, Session

__all__ = ["suppress", "suppressed", "unsuppress"]

_NOT_ENTITIES: Final = frozenset(
    expand(name)
    for name in (
        "ca:Document", "ca:Passage", "ca:Source", "ca:Claim", "ca:Disagreement", "ca:Position", "oa:Annotation",
        "owl:Class", "owl:ObjectProperty", "owl:DatatypeProperty", "owl:AnnotationProperty", "owl:Ontology",
        "rdf:Property", "rdfs:Class", "skos:ConceptScheme",
    )
)  # fmt: skip


def suppressed(home: Home) -> dict[str, str]:
    """IRI → the reason given, which may be empty."""
    live = home.live()
    return dict(live.manifest().get(SUPPRESSED, {})) if live else {}


def suppress(session: Session, home: Home, iri: str, reason: str = "") -> bool:
    """Take an entity out, and keep it out of every later write. False where it was on the list already.

    Afterwards no file of graph or index holds it: they are written anew, and the older generations are deleted.
    Texts that name it keep their words; they are no longer linked to it. Raises UnknownEntity, and InputError for
    what is no entity.
    """
    held = suppressed(home)
    if iri in held:
        return False
    _require_entity(Snapshot.open(home.require()), iri)

    def work(store: ox.Store) -> Changes:
        gone = purge(store, (iri,))
        return Changes(
            documents=frozenset(gone.documents),
            entities=frozenset(gone.entities),
            notes={SUPPRESSED: {**held, iri: reason}},
            erase=True,
        )

    session.change(work)
    home.drop_older()
    return True


def unsuppress(session: Session, home: Home, iri: str) -> bool:
    """Take an IRI off the list; the next build, load or ingest may bring the entity back. False where it was not on."""
    held = suppressed(home)
    if iri not in held:
        return False
    del held[iri]
    # Without its digest the starter is built again, though the folder has not changed.
    session.change(lambda store: Changes(notes={SUPPRESSED: held, "starter": {}}))
    return True


def _require_entity(snapshot: Snapshot, iri: str) -> None:
    found = node(iri)
    if found is None or not snapshot.exists(iri):
        raise UnknownEntity(
            f"Nothing in this atlas has the IRI {iri[:200]}.",
            "Give the IRI in full; the entity's page shows it.",
            nearest=nearest(snapshot, iri.rstrip("/").rsplit("/", 1)[-1].replace("-", " ")),
        )
    kinds = {obj.value for obj in snapshot.objects(iri, "rdf:type")}
    if "ca:Document" in {compact(kind) for kind in kinds}:
        raise InputError(f"{iri[:200]} is a document.", f"Take it out with: creative-atlas forget {iri[:200]}")
    store = snapshot.store
    schema = any(
        True
        for pattern in ((None, found, None, DEFAULT), (None, term("rdf:type"), found, DEFAULT))
        for _ in store.quads_for_pattern(*pattern)
    )
    if kinds & _NOT_ENTITIES or schema or store.contains_named_graph(found):
        what = next((compact(kind) for kind in sorted(kinds & _NOT_ENTITIES)), "part of the schema")
        raise InputError(
            f"{iri[:200]} is no entity ({what}).", "Only people, organisations, places and the like can be suppressed."
        )
