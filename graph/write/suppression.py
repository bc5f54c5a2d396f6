"""Suppression: entities that the atlas must not hold, such as a person who asked to be left out.

The list is an entry of the manifest, not of the graph, so that no query shows who is on it. Each write removes the
entities on the list (`Session.change`), and so keeps them out for good.
"""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox

from graph.claims.purge import purge
from graph.entities.entity_facts import unknown_iri
from graph.errors import InputError
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
    """Suppressed entities: IRI → the reason given, which may be empty.

    >>> suppressed(home)
    {}
    """
    live = home.live()
    return dict(live.manifest().get(SUPPRESSED, {})) if live else {}


def suppress(session: Session, home: Home, iri: str, reason: str = "") -> bool:
    """Remove an entity, and keep it out of every later write. False where it was on the list already.

    Afterwards no file of graph or index holds it: they are rewritten, and the older generations are deleted. Texts
    that name it keep their words; they are no longer linked to it. Raises UnknownEntity, and InputError for an IRI of
    something that is no entity.

    >>> from graph.storage.generations import Home
    >>> from graph.write.rdf_load import load
    >>> from graph.write.writer import NoIndex, Writer
    >>> person = '<urn:p> a <https://schema.org/Person> ; <http://www.w3.org/2000/01/rdf-schema#label> "P. Erson" .'
    >>> _ = (folder / "person.ttl").write_text(person)
    >>> atlas = Home(folder / "suppressing")
    >>> with Writer(atlas, NoIndex()).session() as session:
    ...     _ = load(session, [folder / "person.ttl"])
    ...     suppress(session, atlas, "urn:p", "asked to be left out")
    True
    >>> suppressed(atlas), Snapshot.open(atlas.require()).exists("urn:p")
    ({'urn:p': 'asked to be left out'}, False)
    """
    listed = suppressed(home)
    if iri in listed:
        return False
    _require_entity(Snapshot.open(home.require()), iri)

    def work(store: ox.Store) -> Changes:
        purged = purge(store, (iri,))
        return Changes(
            documents=frozenset(purged.documents),
            entities=frozenset(purged.entities),
            notes={SUPPRESSED: {**listed, iri: reason}},
            erase=True,
        )

    session.change(work)
    home.drop_older()
    return True


def unsuppress(session: Session, home: Home, iri: str) -> bool:
    """Take an IRI off the list; the next build, load or ingest may bring the entity back. False where it is not listed.

    >>> from graph.write.writer import NoIndex, Writer
    >>> with Writer(home, NoIndex()).session() as session:
    ...     unsuppress(session, home, "urn:not-listed")
    False
    """
    listed = suppressed(home)
    if iri not in listed:
        return False
    del listed[iri]
    # Without its digest the starter is built again, though the data folder has not changed.
    session.change(lambda store: Changes(notes={SUPPRESSED: listed, "starter": {}}))
    return True


def _require_entity(snapshot: Snapshot, iri: str) -> None:
    entity = node(iri)
    if entity is None or not snapshot.exists(iri):
        raise unknown_iri(snapshot, iri, "Give the IRI in full; the entity's page shows it.")
    types = {obj.value for obj in snapshot.objects(iri, "rdf:type")}
    if "ca:Document" in {compact(type_) for type_ in types}:
        raise InputError(f"{iri[:200]} is a document.", f"Take it out with: creative-atlas forget {iri[:200]}")
    store = snapshot.store
    in_schema = any(
        True
        for pattern in ((None, entity, None, DEFAULT), (None, term("rdf:type"), entity, DEFAULT))
        for _ in store.quads_for_pattern(*pattern)
    )
    if types & _NOT_ENTITIES or in_schema or store.contains_named_graph(entity):
        kind = next((compact(type_) for type_ in sorted(types & _NOT_ENTITIES)), "part of the schema")
        raise InputError(
            f"{iri[:200]} is no entity ({kind}).", "Only people, organisations, places and the like can be suppressed."
        )
