"""What the pages ask of an atlas: one Protocol, and the records that no other room has.

`web/pages/routes.py` sees the graph and the search only through this. Every IRI that a page may show comes
with its label, so that a page is drawn without further look-ups. All offsets are code points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from graph.model import Document, EntityView, Evidence, Mention, Passage, Source, Value
from search.types import Completion, Query, Results

__all__ = [
    "Atlas",
    "Backed",
    "Basis",
    "Clause",
    "ClauseHit",
    "Disagreement",
    "DocumentView",
    "Edge",
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
"""Which ink a link wears; `other` is the ordinary link colour."""


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
    """What one side of a disagreement says, in a few words ("£9m centre, 2018")."""

    text: str
    sources: tuple[Source, ...] = ()
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Sources that do not agree. `topic` reads on after "Sources disagree:"; `judgement` is the editors' reading."""

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
    """A passage with what was linked in it. `mentions` do not overlap and are in reading order."""

    document: Document
    passage: Passage
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A slice of a document to read. `entities` holds every entity mentioned in the slice, most mentioned first.

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
    """A class or a relation. `name` is what a query writes (`ca:ledBy`, or `<IRI>`), `words` are others for it."""

    iri: str
    name: str
    label: str
    kind: TermKind
    count: int
    """Its members, or the facts that use it."""
    words: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Backed:
    """An edge with the claims behind it; `asserted` False where it is claimed only."""

    subject: Ref
    predicate: Ref
    value: Value
    evidence: tuple[Evidence, ...]
    asserted: bool


@dataclass(frozen=True, slots=True)
class Slice:
    """Which rows of an answer: counted from `start`, sorted by the column `sort` where there is one, else as given.

    `drawn`: how many rows, counted from the first, are wanted for drawings.
    """

    start: int = 0
    limit: int = 100
    sort: str = ""
    down: bool = False
    drawn: int = 0


@dataclass(frozen=True, slots=True)
class ClauseHit:
    """A hit that a search clause of a query was replaced by. `score` orders the hits of one clause."""

    value: Value
    score: float
    snippet: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A search clause of a query, explained: what it asked for in words, and what came in its place, best first.

    `as_of`: the generation that the search index describes where it lags behind the graph, else empty.
    """

    asked: str
    mode: str
    limit: int
    filters: tuple[tuple[str, str], ...]
    hits: tuple[ClauseHit, ...]
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class QueryTable:
    """The answer to a query as a table; a CONSTRUCT or DESCRIBE gives subject, predicate and object.

    `rows` hold None where a variable is unbound. `boolean` is set for ASK alone. `total` counts the rows of
    the whole answer, of which `rows` hold what `part` asked for. `positions`: latitude and longitude in degrees of the
    entries in `drawn` whose place is known. `first`: the rows for drawings, empty where `rows` are all. `clauses`: what
    became of the query's search clauses.
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
    first: tuple[tuple[Value | None, ...], ...] = ()

    @property
    def drawn(self) -> tuple[tuple[Value | None, ...], ...]:
        """What drawings are made of."""
        return self.first or self.rows


class Atlas(Protocol):
    """Reads of one generation. Every method is safe to call from any thread and answers in a bounded time.

    A method that takes an IRI raises `graph.errors.UnknownEntity`, with the nearest names, where there is none.
    """

    @property
    def base(self) -> str:
        """What minted IRIs start with; ends in `/`."""

    def is_empty(self) -> bool:
        """Whether the atlas holds no triple at all, so that pages say how to fill it."""

    def overview(self) -> Overview: ...

    def search(self, query: Query) -> Results:
        """Raises `graph.errors.IndexUnusable`, or `InputError` for filters that make no sense."""

    def complete(self, prefix: str, limit: int) -> tuple[Completion, ...]:
        """Entities with a name that goes on from the prefix. Raises `graph.errors.IndexUnusable`."""

    def similar(self, iri: str, limit: int) -> tuple[Similar, ...]:
        """Entries like an entry, or passages like a passage; by the graph alone where the index cannot be used."""

    def passage(self, iri: str) -> MarkedPassage:
        """One passage with its mentions."""

    def within(self, places: tuple[str, ...]) -> dict[str, str]:
        """Place → the nearest of the others that it lies in; left out where there is none."""

    def refs(self, iris: tuple[str, ...]) -> dict[str, Ref]:
        """Labels for IRIs met in results; one that is unknown comes back with its local name as the label."""

    def entity(self, iri: str) -> EntityView: ...

    def details(self, iris: tuple[str, ...]) -> dict[str, str]:
        """For a statistic, a sum or an office: what follows its label so that both read as a sentence."""

    def find(self, name: str) -> Ref | None:
        """The entity of exactly this name (label or other name, whatever the case), if there is just one."""

    def has_members(self, kind: str) -> bool:
        """Whether `members` lists entities of this class; classes of the schema and of bookkeeping have none."""

    def members(self, kind: str, limit: int, offset: int) -> Listing[Ref]:
        """Entities of a class (its IRI), by label; total 0 for an unknown class."""

    def passages_mentioning(self, iri: str, limit: int, offset: int) -> Listing[MarkedPassage]: ...

    def neighbourhood(self, iri: str, limit: int) -> Neighbourhood:
        """`limit` counts nodes, the entity itself included."""

    def disagreements(self, about: str | None = None) -> tuple[Disagreement, ...]:
        """All of them, or those about one entity."""

    def collections(self) -> tuple[tuple[str, int], ...]:
        """Name and number of documents of each collection, by name."""

    def documents(self, collection: str | None, limit: int, offset: int) -> Listing[Document]:
        """By date, latest first, undated last."""

    def document(self, iri: str, limit: int, offset: int) -> DocumentView:
        """`limit` and `offset` count passages."""

    def examples(self) -> tuple[Example, ...]: ...

    def terms(self) -> tuple[Term, ...]:
        """Every class and relation, the most used first."""

    def why(self, subject: str, predicate: str, obj: Value) -> tuple[Backed, ...]:
        """One edge with the claims behind it; empty where nothing holds or claims it."""

    def among(self, ends: tuple[str, ...]) -> tuple[Backed, ...]:
        """Every fact and claim between the first few of the ends: IRIs, and literals as N-Triples writes them."""

    def connected(self, rows: Sequence[tuple[Value | None, ...]]) -> list[tuple[str, ...]]:
        """For each row of an answer, what of it facts tie together, as `among` takes it.

        An entry may stand in a cell by its IRI or its name, or be told from what its row says of it.
        """

    def select(self, query: str, query_id: str, part: Slice, client: str | None = None) -> QueryTable:
        """Run a client's query under the guard; `part` caps the rows returned, not the rows counted.

        `query_id` is what `DELETE /sparql/queries/{id}` of the same client cancels it by. Raises
        `graph.errors.QueryError`.
        """
