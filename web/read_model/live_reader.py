"""Reads for pages and API: `LiveAtlas.now()` binds a request to the live generation; `GenerationAtlas` reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph.deadline import Deadline
from graph.entities import entity_facts as entity_view
from graph.entities import network
from graph.errors import IndexUnusable, UnknownEntity
from graph.iri import DEFAULT_BASE
from graph.model import Document, EntityView, Value
from graph.quotes.review import proposed_quotes
from graph.storage.snapshot import Snapshot
from search.types import Completion, Query, Results
from search.types import Kind as ItemKind
from web.read_model import evidence, fact_phrases, overview, row_evidence, schema_terms, similar
from web.read_model.example_queries import read_examples
from web.read_model.index_search import IndexSearch
from web.read_model.live_generation import Live, View
from web.read_model.reader import (
    Disagreement,
    DocumentView,
    Edge,
    EdgeEvidence,
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

__all__ = ["GenerationAtlas", "LiveAtlas", "RunQuery"]

MAX_PASSAGES_COUNTED = 10_000
"""Passages that mention an entity, counted at most."""

RunQuery = Callable[[View, str, str, Slice, str | None], QueryTable]
"""Runs a client's query in a worker: view, query, query id, slice of the rows, client."""


@dataclass(frozen=True, slots=True)
class LiveAtlas:
    """Gives each request the generation that is live when it comes. Safe to share between threads.

    `queries` is the folder of example queries; `base` is what minted IRIs start with.
    """

    live: Live
    index: IndexSearch
    run_query: RunQuery
    queries: Path
    base: str = DEFAULT_BASE

    def now(self) -> GenerationAtlas:
        """The live generation. Call it once per request. Raises `graph.errors.HomeError` where there is no atlas."""
        return GenerationAtlas(self.live.view(), self.index, self.run_query, self.queries, base=self.base)

    def search(self, query: Query) -> Results:
        """A search of the live generation, for callers that read nothing else."""
        return self.now().search(query)

    def answer(self, query: Query, deadline: Deadline | None = None) -> bytes:
        """A search of the live generation, in the JSON of the API."""
        return self.now().search_json(query, deadline)


@dataclass(frozen=True, slots=True)
class GenerationAtlas:
    """Reads one generation, even after a newer one is published. Implements `web.read_model.reader.Atlas`."""

    view: View
    index: IndexSearch
    run_query: RunQuery
    queries: Path
    base: str = DEFAULT_BASE

    def is_empty(self) -> bool:
        return overview.is_empty(self.view)

    def overview(self) -> Overview:
        return overview.overview(self.view)

    def search(self, query: Query, deadline: Deadline | None = None) -> Results:
        return self.index.search(self.view, query, deadline)

    def search_json(self, query: Query, deadline: Deadline | None = None) -> bytes:
        return self.index.search_json(self.view, query, deadline)

    def similar(self, iri: str, limit: int, deadline: Deadline | None = None) -> tuple[Similar, ...]:
        snapshot = self.view.snapshot
        if not snapshot.exists(iri):
            raise UnknownEntity(f"Nothing in this atlas has the IRI {iri[:200]}.", "Search for its name instead.")
        kind: ItemKind = "passage" if snapshot.passage(iri) else "entity"
        try:
            by_text = self.index.similar(self.view, iri, similar.MAX_CANDIDATES, kind, deadline=deadline)
        except (IndexUnusable, UnknownEntity):
            by_text = ()  # not in the index, but the graph may still know its neighbours
        return similar.merged(self.view, iri, by_text, similar.neighbours(snapshot, iri), limit)

    def passage(self, iri: str) -> MarkedPassage:
        passage = _marked(self.view.snapshot, iri)
        if passage is None:
            raise UnknownEntity(f"No passage in this atlas has the IRI {iri[:200]}.", "Look through the documents.")
        return passage

    def within(self, places: tuple[str, ...]) -> dict[str, str]:
        return overview.within(self.view.snapshot, places)

    def complete(self, prefix: str, limit: int, deadline: Deadline | None = None) -> tuple[Completion, ...]:
        return self.index.complete(self.view, prefix, limit, deadline=deadline)

    def refs(self, iris: tuple[str, ...]) -> dict[str, Ref]:
        return {iri: overview.ref(self.view, iri) for iri in iris}

    def entity(self, iri: str) -> EntityView:
        return entity_view.view(self.view.snapshot, iri)

    def details(self, iris: tuple[str, ...]) -> dict[str, str]:
        return fact_phrases.details(self.view.snapshot, iris)

    def find(self, name: str) -> Ref | None:
        iris = self._names().get(name.strip().casefold(), ())
        return overview.ref(self.view, iris[0]) if len(iris) == 1 else None

    def has_members(self, kind: str) -> bool:
        return kind in figures(self.view).kinds

    def members(self, kind: str, limit: int, offset: int) -> Listing[Ref]:
        iris = overview.members(self.view, kind)
        return Listing(tuple(overview.ref(self.view, iri) for iri in iris[offset : offset + limit]), len(iris))

    def passages_mentioning(self, iri: str, limit: int, offset: int) -> Listing[MarkedPassage]:
        snapshot = self.view.snapshot
        iris = sorted(snapshot.mentioning(iri, MAX_PASSAGES_COUNTED))
        passages = (_marked(snapshot, passage) for passage in iris[offset : offset + limit])
        return Listing(tuple(passage for passage in passages if passage), len(iris))

    def neighbourhood(self, iri: str, limit: int) -> Neighbourhood:
        snapshot = self.view.snapshot
        around = network.neighbourhood(snapshot, iri, depth=1, limit=network.EDGES_PER_NODE * 2)
        others = sorted((name for name in around if name != iri), key=lambda name: (-around.degree(name), name))
        names = [iri, *others[: max(0, limit - 1)]]
        return Neighbourhood(
            nodes=tuple(Node(overview.ref(self.view, name), network.degree(snapshot, name)) for name in names),
            edges=tuple(
                Edge(source=start, target=end, predicate=data["predicate"], label=data["label"])
                for start, end, data in around.subgraph(names).edges(data=True)
            ),
            total=len(others),
        )

    def disagreements(self, about: str | None = None) -> tuple[Disagreement, ...]:
        every = overview.disagreements(self.view)
        return tuple(d for d in every if about is None or any(entity.iri == about for entity in d.about))

    def collections(self) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(figures(self.view).collections.items()))

    def documents(self, collection: str | None, limit: int, offset: int) -> Listing[Document]:
        chosen = [d for d in overview.documents(self.view) if collection in (None, d.collection)]
        return Listing(tuple(chosen[offset : offset + limit]), len(chosen))

    def document(self, iri: str, limit: int, offset: int) -> DocumentView:
        snapshot = self.view.snapshot
        document = snapshot.document(iri)
        if document is None:
            raise UnknownEntity(f"No document in this atlas has the IRI {iri[:200]}.", "Look through the documents.")
        passages = snapshot.passages(iri)
        page = tuple(
            MarkedPassage(document, passage, snapshot.mentions(passage.iri))
            for passage in passages[offset : offset + limit]
        )
        counts = Counter(mention.entity for marked in page for mention in marked.mentions)
        order = sorted(counts, key=lambda name: (-counts[name], snapshot.label(name)))
        return DocumentView(
            document=document,
            passages=Listing(page, len(passages)),
            entities=tuple(overview.ref(self.view, name) for name in order),
            offered=len(proposed_quotes(snapshot, iri)),
        )

    def examples(self) -> tuple[Example, ...]:
        return read_examples(self.queries) if overview.holds_starter(self.view) else ()

    def terms(self) -> tuple[Term, ...]:
        return schema_terms.terms(self.view)

    def edge_evidence(self, subject: str, predicate: str, obj: Value) -> EdgeEvidence | None:
        return evidence.edge_evidence(self.view, subject, predicate, obj)

    def evidence_between(self, terms: tuple[str, ...]) -> tuple[EdgeEvidence, ...]:
        return evidence.evidence_between(self.view, terms)

    def connected_cells(self, rows: Sequence[tuple[Value | None, ...]]) -> list[tuple[str, ...]]:
        return row_evidence.connected_cells(self.view.snapshot, rows, self._names())

    def select(self, query: str, query_id: str, part: Slice, client: str | None = None) -> QueryTable:
        return self.run_query(self.view, query, query_id, part, client)

    def _names(self) -> dict[str, tuple[str, ...]]:
        """Case-folded name → the entities of that name."""
        return self.view.once("names", lambda view: _folded(view.snapshot))


def _folded(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    iris_by_name: dict[str, set[str]] = {}
    for name, iris in entity_view.names(snapshot).items():
        iris_by_name.setdefault(name.casefold(), set()).update(iris)
    return {name: tuple(sorted(iris)) for name, iris in iris_by_name.items()}


def _marked(snapshot: Snapshot, iri: str) -> MarkedPassage | None:
    passage = snapshot.passage(iri)
    document = snapshot.document(passage.document) if passage else None
    return MarkedPassage(document, passage, snapshot.mentions(iri)) if passage and document else None
