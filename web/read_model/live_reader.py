"""The reads that pages and API ask for, answered from the live generation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from graph.entities import network, view
from graph.errors import AtlasError, IndexUnusable, UnknownEntity
from graph.iri import DEFAULT_BASE
from graph.linking.entity_names import build_gazetteer, linked_in
from graph.model import Document, EntityView, Value
from graph.quotes.review import offers
from graph.storage.snapshot import Snapshot
from search.index.checksums import is_panic
from search.query.field_filters import without_exclusions
from search.results.serialise import answer
from search.searcher import Searcher
from search.types import Completion, Hit, Query, Results
from search.types import Kind as Unit
from web.read_model import evidence, fact_phrases, overview, schema_terms, similar
from web.read_model.example_queries import read_examples
from web.read_model.live_generation import Live, View
from web.read_model.reader import (
    Backed,
    Disagreement,
    DocumentView,
    Edge,
    Example,
    Listing,
    MarkedPassage,
    Neighbourhood,
    Node,
    Overview,
    QueryTable,
    Ref,
    Similar,
    Slice,
    Term,
)
from web.read_model.statistics import figures

__all__ = ["LiveAtlas"]

_SCANNED = 10_000
"""Passages that mention an entity, counted at most."""


@dataclass(frozen=True, slots=True)
class LiveAtlas:
    """Implements `web.read_model.reader.Atlas`. `searcher` opens the index of a view, `run` a client's query in a
    worker.

    `place` runs a search of a generation somewhere: by the function that it is given, or in a process beside this one.
    `place_answer` does so and gives the answer of the API.
    `mend` is told of an index that cannot be used, and gives the error that the asker should see; so is `suspect` of
    any other error that came of reading an index: None = what it is.
    """

    live: Live
    searcher: Callable[[View], Searcher]
    run: Callable[[View, str, str, Slice, str | None], QueryTable]
    queries: Path
    base: str = DEFAULT_BASE
    place: Callable[[Path, Query, Callable[[], Results]], Results] = lambda generation, query, here: here()
    place_answer: Callable[[Path, Query, Callable[[], bytes]], bytes] = lambda generation, query, here: here()
    mend: Callable[[IndexUnusable], IndexUnusable] = lambda error: error
    suspect: Callable[[BaseException], IndexUnusable | None] = lambda error: None

    def overview(self) -> Overview:
        return overview.overview(self.live.view())

    def search(self, request: Query) -> Results:
        return self.search_in(self.live.view(), request)

    def search_in(self, view: View, request: Query) -> Results:
        """The search of one generation, whichever is live now."""
        asked = _linked(view, request)
        with self._reading():
            return self.place(view.generation.path, asked, lambda: self.searcher(view).search(asked))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Errors that an index may be the cause of, as the asker should see them."""
        try:
            yield
        except IndexUnusable as error:
            raise self.mend(error) from error
        except AtlasError:
            raise
        except BaseException as error:
            told = self.suspect(error) if isinstance(error, Exception) or is_panic(error) else None
            if told is None:
                raise
            raise told from error

    def answer(self, request: Query) -> bytes:
        """The search as the JSON of the API."""
        view = self.live.view()
        asked = _linked(view, request)
        with self._reading():
            return self.place_answer(view.generation.path, asked, lambda: answer(self.searcher(view).search(asked)))

    def similar_in(self, view: View, iri: str, limit: int, kind: Unit | None) -> tuple[Hit, ...]:
        """Raises `graph.errors.UnknownEntity` where nothing is indexed under `iri`."""
        with self._reading():
            return self.searcher(view).similar(iri, limit, kind)

    def similar(self, iri: str, limit: int) -> tuple[Similar, ...]:
        view = self.live.view()
        if not view.snapshot.exists(iri):
            raise UnknownEntity(f"Nothing in this atlas has the IRI {iri[:200]}.", "Search for its name instead.")
        kind: Unit = "passage" if view.snapshot.passage(iri) else "entity"
        try:
            by_text = self.similar_in(view, iri, similar.CONSIDERED, kind)
        except (IndexUnusable, UnknownEntity):
            by_text = ()  # not indexed: the graph still tells
        return similar.merged(view, iri, by_text, similar.neighbours(view.snapshot, iri), limit)

    def passage(self, iri: str) -> MarkedPassage:
        found = _marked(self.live.view().snapshot, iri)
        if found is None:
            raise UnknownEntity(f"No passage in this atlas has the IRI {iri[:200]}.", "Look through the documents.")
        return found

    def within(self, places: tuple[str, ...]) -> dict[str, str]:
        return overview.within(self.live.view().snapshot, places)

    def complete(self, prefix: str, limit: int) -> tuple[Completion, ...]:
        with self._reading():
            return self.searcher(self.live.view()).complete(prefix, limit)

    def refs(self, iris: tuple[str, ...]) -> dict[str, Ref]:
        view = self.live.view()
        return {iri: overview.ref(view, iri) for iri in iris}

    def entity(self, iri: str) -> EntityView:
        return view.view(self.live.view().snapshot, iri)

    def details(self, iris: tuple[str, ...]) -> dict[str, str]:
        return fact_phrases.details(self.live.view().snapshot, iris)

    def find(self, name: str) -> Ref | None:
        view = self.live.view()
        known = view.once("names", lambda v: _folded(v.snapshot))
        found = known.get(name.strip().casefold(), ())
        return overview.ref(view, found[0]) if len(found) == 1 else None

    def members(self, kind: str, limit: int, offset: int) -> Listing[Ref]:
        view = self.live.view()
        found = overview.members(view, kind)
        return Listing(tuple(overview.ref(view, iri) for iri in found[offset : offset + limit]), len(found))

    def passages_mentioning(self, iri: str, limit: int, offset: int) -> Listing[MarkedPassage]:
        snapshot = self.live.view().snapshot
        found = sorted(snapshot.mentioning(iri, _SCANNED))
        held = (_marked(snapshot, passage) for passage in found[offset : offset + limit])
        return Listing(tuple(marked for marked in held if marked), len(found))

    def neighbourhood(self, iri: str, limit: int) -> Neighbourhood:
        view = self.live.view()
        snapshot = view.snapshot
        around = network.neighbourhood(snapshot, iri, depth=1, limit=network.EDGES_PER_NODE * 2)
        others = sorted((name for name in around if name != iri), key=lambda name: (-around.degree(name), name))
        shown = [iri, *others[: max(0, limit - 1)]]
        return Neighbourhood(
            nodes=tuple(Node(overview.ref(view, name), network.degree(snapshot, name)) for name in shown),
            edges=tuple(
                Edge(start, end, data["predicate"], data["label"])
                for start, end, data in around.subgraph(shown).edges(data=True)
            ),
            total=len(others),
        )

    def disagreements(self, about: str | None = None) -> tuple[Disagreement, ...]:
        found = overview.disagreements(self.live.view())
        return tuple(d for d in found if about is None or any(entity.iri == about for entity in d.about))

    def collections(self) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(figures(self.live.view()).collections.items()))

    def documents(self, collection: str | None, limit: int, offset: int) -> Listing[Document]:
        found = [d for d in overview.documents(self.live.view()) if collection in (None, d.collection)]
        return Listing(tuple(found[offset : offset + limit]), len(found))

    def document(self, iri: str, limit: int, offset: int) -> DocumentView:
        view = self.live.view()
        snapshot = view.snapshot
        document = snapshot.document(iri)
        if document is None:
            raise UnknownEntity(f"No document in this atlas has the IRI {iri[:200]}.", "Look through the documents.")
        cut = snapshot.passages(iri)
        slice_ = tuple(
            MarkedPassage(document, passage, snapshot.mentions(passage.iri)) for passage in cut[offset : offset + limit]
        )
        named = Counter(mention.entity for marked in slice_ for mention in marked.mentions)
        order = sorted(named, key=lambda name: (-named[name], snapshot.label(name)))
        refs = tuple(overview.ref(view, name) for name in order)
        return DocumentView(document, Listing(slice_, len(cut)), refs, len(offers(snapshot, iri)))

    def examples(self) -> tuple[Example, ...]:
        return read_examples(self.queries)

    def terms(self) -> tuple[Term, ...]:
        return schema_terms.terms(self.live.view())

    def why(self, subject: str, predicate: str, obj: Value) -> tuple[Backed, ...]:
        return evidence.why(self.live.view(), subject, predicate, obj)

    def among(self, ends: tuple[str, ...]) -> tuple[Backed, ...]:
        return evidence.among(self.live.view(), ends)

    def connected(self, rows: Sequence[tuple[Value | None, ...]]) -> list[tuple[str, ...]]:
        view = self.live.view()
        known = view.once("names", lambda v: _folded(v.snapshot))
        return evidence.connected(view.snapshot, rows, known)

    def select(self, query: str, query_id: str, part: Slice, client: str | None = None) -> QueryTable:
        return self.run(self.live.view(), query, query_id, part, client)


def _linked(view: View, request: Query) -> Query:
    """The query with the entities that its text names."""
    gazetteer = view.as_indexed("gazetteer", lambda v: build_gazetteer(v.snapshot))
    named = linked_in(without_exclusions(request.text), gazetteer)
    return replace(request, entities=named) if named else request


def _folded(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for name, iris in view.names(snapshot).items():
        found.setdefault(name.casefold(), set()).update(iris)
    return {name: tuple(sorted(iris)) for name, iris in found.items()}


def _marked(snapshot: Snapshot, iri: str) -> MarkedPassage | None:
    passage = snapshot.passage(iri)
    document = snapshot.document(passage.document) if passage else None
    return MarkedPassage(document, passage, snapshot.mentions(iri)) if passage and document else None
