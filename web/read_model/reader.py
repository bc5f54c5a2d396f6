"""The Protocol `Atlas`, through which pages and API read one generation, and the records that it returns.

Every IRI that a page may show comes with its label, so that a page is drawn without further look-ups. All text offsets
count code points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from graph.deadline import Deadline
from graph.model import Document, EntityView, Evidence, Mention, Passage, Source, Value
from search.types import Completion, Query, Results

__all__ = [
    "Atlas",
    "Basis",
    "Clause",
    "ClauseHit",
    "Disagreement",
    "DocumentView",
    "Edge",
    "EdgeEvidence",
    "Example",
    "Kind",
    "Listing",
    "MarkedPassage",
    "Neighbourhood",
    "Node",
    "Overview",
    "Position",
    "QueryTable",
    "Ref",
    "Similar",
    "Slice",
    "Spot",
    "Term",
    "TermKind",
    "Tone",
]

T = TypeVar("T")

Tone = Literal["person", "place", "other"]
"""The colour of a link; `other` is the ordinary one."""


@dataclass(frozen=True, slots=True)
class Ref:
    """An entity as a link: `kind` is its class in words ("R&D cluster"), empty where it has none."""

    iri: str
    label: str
    kind: str = ""
    tone: Tone = "other"


@dataclass(frozen=True, slots=True)
class Kind:
    """A class with the number of its entities. `label` is singular ("Programme")."""

    iri: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Spot:
    """An entity with coordinates: degrees, WGS 84."""

    entity: Ref
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One slice of a longer list; `total` counts the whole."""

    items: tuple[T, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Position:
    """One side of a disagreement in a few words ("£9m centre, 2018"), with the sources that take it."""

    text: str
    sources: tuple[Source, ...] = ()
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A point on which sources disagree. `topic` continues "Sources disagree:"; `judgement` is the editors' reading."""

    iri: str
    topic: str
    about: tuple[Ref, ...]
    positions: tuple[Position, ...]
    judgement: str | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The atlas in figures. `built` is an ISO 8601 date; `kinds` are the classes worth browsing, in display order."""

    entities: int
    facts: int
    sources: int
    official_sources: int
    documents: int
    passages: int
    kinds: tuple[Kind, ...]
    recent: tuple[Document, ...]
    disagreements: tuple[Disagreement, ...]
    questions: tuple[str, ...]
    """Searches worth trying, in words."""
    spots: tuple[Spot, ...]
    """The clusters' positions; the contour lines are drawn from them."""
    generation: int
    built: str | None = None


@dataclass(frozen=True, slots=True)
class MarkedPassage:
    """A passage with its mentions, which do not overlap and are in reading order."""

    document: Document
    passage: Passage
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class DocumentView:
    """Some passages of a document. `entities`: every entity mentioned in them, most mentioned first.

    `offered` counts the quotes of the document that wait for a reviewer (see `graph.quotes`).
    """

    document: Document
    passages: Listing[MarkedPassage]
    entities: tuple[Ref, ...]
    offered: int = 0


Basis = Literal["text", "graph", "both"]


@dataclass(frozen=True, slots=True)
class Similar:
    """An entry, or a passage under its document's title, that is like another.

    `text`: the cosine of the texts, None where only the graph says so. `shared`: entries that both are linked to.
    """

    ref: Ref
    basis: Basis
    text: float | None = None
    shared: tuple[Ref, ...] = ()
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """`degree` counts the node's neighbours in the whole graph, not only those shown."""

    entity: Ref
    degree: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A fact between two nodes, read from `source` to `target`."""

    source: str
    target: str
    predicate: str
    label: str


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """An entity (the first node), its nearest, and the facts among them. `total` counts all its neighbours."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Example:
    """An example query, with the question that it answers."""

    slug: str
    title: str
    question: str
    query: str
    tags: tuple[str, ...] = ()


TermKind = Literal["class", "property"]


@dataclass(frozen=True, slots=True)
class Term:
    """A class or a relation. `name` is its form in a query (`ca:ledBy`, or `<IRI>`); `words` are its other labels."""

    iri: str
    name: str
    label: str
    kind: TermKind
    count: int
    """Its members, or the facts that use it."""
    words: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class EdgeEvidence:
    """An edge with the evidence for it. `asserted`: whether it is an accepted fact, not only claimed."""

    subject: Ref
    predicate: Ref
    value: Value
    evidence: tuple[Evidence, ...]
    asserted: bool


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of a result to show: `limit` rows from `start`, sorted by the column `sort` if it exists.

    `drawn_rows`: how many rows, from the first on, drawings are made from; 0 where there are no drawings.
    """

    start: int = 0
    limit: int = 100
    sort: str = ""
    descending: bool = False
    drawn_rows: int = 0


@dataclass(frozen=True, slots=True)
class ClauseHit:
    """A hit that took the place of a query's search clause. `score`: higher is better, within one clause."""

    value: Value
    score: float
    snippet: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A search clause of a query, explained: its request in words, and the hits that took its place, best first.

    `as_of`: the generation that the search index describes where it lags behind the graph, else empty.
    """

    description: str
    mode: str
    limit: int
    filters: tuple[tuple[str, str], ...]
    hits: tuple[ClauseHit, ...]
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class QueryTable:
    """The result of a query as a table; a CONSTRUCT or DESCRIBE gives subject, predicate and object.

    `rows` hold None where a variable is unbound. `boolean` is set for ASK alone. `total` counts the rows of the whole
    result, of which `rows` are those of `part`. `positions`: latitude and longitude in degrees of the entities in
    `drawing_rows` whose place is known. `first_rows`: rows for drawings, empty where `rows` are the whole result.
    `clauses`: what took the place of the query's search clauses. `warnings`: where the answer may differ from SPARQL's.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Value | None, ...], ...]
    total: int
    took_ms: float
    generation: int
    boolean: bool | None = None
    form: Literal["select", "ask", "graph"] = "select"
    part: Slice = field(default_factory=Slice)
    positions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()
    warnings: tuple[str, ...] = ()
    first_rows: tuple[tuple[Value | None, ...], ...] = ()

    @property
    def drawing_rows(self) -> tuple[tuple[Value | None, ...], ...]:
        """The rows that drawings are made from."""
        return self.first_rows or self.rows


class Atlas(Protocol):
    """Reads of one generation. Every method is safe to call from any thread and answers in a bounded time.

    A method that takes an IRI raises `graph.errors.UnknownEntity`, with the nearest names, where there is none.
    """

    @property
    def base(self) -> str:
        """The start of minted IRIs; ends in `/`."""

    def is_empty(self) -> bool:
        """Whether the atlas holds no triple at all, so that pages say how to fill it."""

    def overview(self) -> Overview:
        """The figures and lists of the home page."""

    def search(self, query: Query, deadline: Deadline | None = None) -> Results:
        """Raises `graph.errors.IndexUnusable`, or `InputError` for filters that make no sense."""

    def complete(self, prefix: str, limit: int, deadline: Deadline | None = None) -> tuple[Completion, ...]:
        """Entities with a name that starts with the prefix. Raises `graph.errors.IndexUnusable`."""

    def similar(self, iri: str, limit: int, deadline: Deadline | None = None) -> tuple[Similar, ...]:
        """Entities like an entity, or passages like a passage; by the graph alone where the index cannot be used."""

    def passage(self, iri: str) -> MarkedPassage:
        """One passage with its mentions."""

    def within(self, places: tuple[str, ...]) -> dict[str, str]:
        """Place → the nearest of the others that it lies in; left out where there is none."""

    def refs(self, iris: tuple[str, ...]) -> dict[str, Ref]:
        """IRI → link with its label; an unknown IRI has its local name as the label."""

    def entity(self, iri: str) -> EntityView:
        """The facts and claims about an entity."""

    def details(self, iris: tuple[str, ...]) -> dict[str, str]:
        """IRI of a statistic, a sum or an office → words that follow its label, so that both read as a sentence."""

    def find(self, name: str) -> Ref | None:
        """The entity of exactly this name (label or other name, case ignored), if there is just one."""

    def has_members(self, kind: str) -> bool:
        """Whether `members` lists entities of this class; classes of the schema and of bookkeeping have none."""

    def members(self, kind: str, limit: int, offset: int) -> Listing[Ref]:
        """Entities of a class (its IRI), by label; total 0 for an unknown class."""

    def passages_mentioning(self, iri: str, limit: int, offset: int) -> Listing[MarkedPassage]:
        """Passages that mention an entity, by document and place in it."""

    def neighbourhood(self, iri: str, limit: int) -> Neighbourhood:
        """An entity and its neighbours, the best connected first; `limit` counts nodes, the entity included."""

    def disagreements(self, about: str | None = None) -> tuple[Disagreement, ...]:
        """Points on which sources disagree: all, or those about one entity."""

    def collections(self) -> tuple[tuple[str, int], ...]:
        """Name and number of documents of each collection, by name."""

    def documents(self, collection: str | None, limit: int, offset: int) -> Listing[Document]:
        """Documents by date, latest first, undated last."""

    def document(self, iri: str, limit: int, offset: int) -> DocumentView:
        """A document to read; `limit` and `offset` count passages."""

    def examples(self) -> tuple[Example, ...]:
        """Example queries, by title."""

    def terms(self) -> tuple[Term, ...]:
        """Every class and relation, the most used first."""

    def edge_evidence(self, subject: str, predicate: str, obj: Value) -> EdgeEvidence | None:
        """One edge with its evidence; None where the graph neither holds nor claims it."""

    def evidence_between(self, terms: tuple[str, ...]) -> tuple[EdgeEvidence, ...]:
        """Every fact and claim between the first few terms: IRIs, and literals as N-Triples writes them."""

    def connected_cells(self, rows: Sequence[tuple[Value | None, ...]]) -> list[tuple[str, ...]]:
        """For each row of a result, the terms that facts connect, as `evidence_between` takes them.

        A cell may give an entity by its IRI, by its name, or by a value that only it has.
        """

    def select(self, query: str, query_id: str, part: Slice, client: str | None = None) -> QueryTable:
        """Run a client's query under the guard; `part` caps the rows returned, not the rows counted.

        `query_id` is what `DELETE /sparql/queries/{id}` of the same client cancels it by. Raises
        `graph.errors.QueryError`.
        """
