"""Records of a search: the query, its results and their explanation.

All are frozen, slotted and checked at construction. Text offsets are Unicode code points, half open: [start, end).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Final, Literal, get_args

from graph.errors import InputError
from search.analysis.dates import day_range
from search.item import Kind

__all__ = [
    "MAX_LIMIT",
    "MAX_QUERY",
    "Completion",
    "Demoted",
    "DocumentRef",
    "Explain",
    "FacetValue",
    "Filters",
    "Hit",
    "Kind",
    "Mode",
    "Query",
    "Results",
    "SearchSuggestion",
    "Snippet",
    "TermScore",
]

Mode = Literal["hybrid", "lexical", "dense"]

MAX_LIMIT: Final = 100
"""Most hits in one page of results."""

MAX_QUERY: Final = 2_000
"""Most characters in a query: twice what the encoder can read (256 tokens)."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must be. Values of one field are alternatives; fields must all hold.

    `date_from` and `date_to` are ISO dates of any precision, both inclusive: a document dated "2018" lies in
    "2018-06".."2019". `without`: what a hit must not have, as `field:value` (or `year:2018`).
    Raises InputError on a date or kind that cannot be read, and on dates the wrong way round.
    """

    kind: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    organisation: tuple[str, ...] = ()
    programme: tuple[str, ...] = ()
    publisher: tuple[str, ...] = ()
    reliability: tuple[str, ...] = ()
    collection: tuple[str, ...] = ()
    document: tuple[str, ...] = ()
    entity: tuple[str, ...] = ()
    date_from: str | None = None
    date_to: str | None = None
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind in self.kind:
            if kind not in get_args(Kind):
                raise InputError(f"“{kind}” is not a kind of result.", "Use kind=passage or kind=entity.")
        for date in (self.date_from, self.date_to):
            if date is not None and day_range(date) is None:
                raise InputError(f"“{date}” is not a date.", "Write a date as 2018, 2018-11 or 2018-11-20.")
        first, last = (day_range(date) if date else None for date in (self.date_from, self.date_to))
        if first and last and first[0] > last[1]:
            raise InputError(f"“{self.date_from}” comes after “{self.date_to}”.", "Give the earlier date first.")

    def values(self) -> dict[str, tuple[str, ...]]:
        """The fields that are set, apart from the dates and what must not be."""
        held = {name: getattr(self, name) for name in _VALUED}
        return {name: chosen for name, chosen in held.items() if chosen}

    def __bool__(self) -> bool:
        return bool(self.values() or self.date_from or self.date_to or self.without)


_VALUED: Final = tuple(each.name for each in fields(Filters) if each.name not in ("date_from", "date_to", "without"))


@dataclass(frozen=True, slots=True)
class Query:
    """One search. `entities` are IRIs that the caller linked in the text: hits about them get a small boost.

    `recent` adds a boost, shown in the explanation, to what is dated late among the candidates. In the text,
    `field:value` with a field of Filters (or `year:2018`) narrows the search where the value is known, and
    `-field:value` leaves out what has it; see `search.query.field_filters`. Raises InputError when limit is outside
    0..100, offset is negative, or the text is too long.
    """

    text: str
    limit: int = 10
    offset: int = 0
    mode: Mode = "hybrid"
    filters: Filters = field(default_factory=Filters)
    entities: tuple[str, ...] = ()
    facets: bool = False
    recent: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.limit <= MAX_LIMIT:
            raise InputError(f"The limit {self.limit} is out of range.", f"Ask for 0 to {MAX_LIMIT} results at a time.")
        if self.offset < 0:
            raise InputError(f"The offset {self.offset} is out of range.", "The first result has offset 0.")
        if self.mode not in get_args(Mode):
            raise InputError(f"“{self.mode}” is not a way to search.", "Use hybrid, lexical or dense.")
        if len(self.text) > MAX_QUERY:
            raise InputError(
                f"The query has {len(self.text):,} characters; at most {MAX_QUERY:,} can be searched.",
                "Ask in a sentence or two.",
            )


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of the unit's text. `highlights` are offsets into `text`; `start` is its offset in the unit's text.

    `cut` says whether text was left out before and after it.
    """

    text: str
    highlights: tuple[tuple[int, int], ...] = ()
    start: int = 0
    cut: tuple[bool, bool] = (False, False)

    def __post_init__(self) -> None:
        last = 0
        for start, end in self.highlights:
            if not last <= start < end <= len(self.text):
                raise ValueError(f"highlight [{start}, {end}) is out of place")
            last = end


@dataclass(frozen=True, slots=True)
class DocumentRef:
    iri: str
    id: str | None = None
    title: str | None = None
    publisher: str | None = None
    date: str | None = None
    source_url: str | None = None


@dataclass(frozen=True, slots=True)
class TermScore:
    """What one word of the query added to the raw lexical score.

    `field`: title, text (which holds the title too), about (what is said of the document's subject, where the text has
    no such word), exact, or entity: then `term` is the name of the one mentioned; or place: of one that a place of the
    unit is or lies in.
    """

    term: str
    field: str
    score: float


@dataclass(frozen=True, slots=True)
class Explain:
    """Why a hit has its score: score = lexical_weight·lexical + dense_weight·dense + Σ boosts.

    `lexical_raw` is BM25 (0 up, higher is better), `dense_raw` a cosine in [-1, 1]; `lexical` and `dense` are these
    scaled to [0, 1] over the candidates of this search. None = not measured in this mode. `terms` sum up to
    `lexical_raw`; they are worked out when first looked at.
    """

    score: float
    lexical: float | None = None
    lexical_raw: float | None = None
    lexical_weight: float = 0.0
    terms: Sequence[TermScore] = ()
    dense: float | None = None
    dense_raw: float | None = None
    dense_weight: float = 0.0
    boosts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Demoted:
    """Why a hit of the first ranks stands lower than its score: `like` (an IRI), higher up, says much the same, or
    (None) three passages of its document stand above it."""

    like: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. `score` orders the hits of one search (higher is better), but for those that are `lowered`; it says
    nothing across searches."""

    iri: str
    kind: Kind
    score: float
    title: str
    snippet: Snippet
    document: DocumentRef | None
    page: int
    entities: tuple[str, ...]
    types: tuple[str, ...]
    reliability: str | None
    explain: Explain
    lowered: Demoted | None = None


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class SearchSuggestion:
    """A change to a search, and how much it finds then. `text` is the query to ask.

    `kind`: "filter" without the `value` of a filter `field`; "dates" without the dates; "filters" without any of
    these, quotation marks and exclusions; "words" the text alone is another, `value` says what was left out of it, and
    `field` where it is the value of a typed one. `count_is_floor`: it may find more.
    """

    kind: Literal["filter", "dates", "filters", "words"]
    text: str
    count: int
    field: str = ""
    value: str = ""
    count_is_floor: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """`hits` is one page of what was found. `total` counts all of it, unless `total_is_floor`: then there may be more.

    That is so without facets, where only candidates are looked at, and among more vectors than are read for one search
    (see `search.ranking.result_set`). `facets`: field → values, most frequent first, counted over the same as `total`;
    empty unless asked for; choosing one gives as many. Where nothing matched as written: `corrected` is the spelling
    that was searched for instead, `hint` a sentence on what left nothing to find, or why this page has nothing. Among
    the first ten hits a document takes three places at most, and a text one, where something else is relevant: what
    gives way is `lowered`.
    """

    query: str
    total: int
    took_ms: float
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=lambda: MappingProxyType({}))
    mode: Mode = "hybrid"
    corrected: str | None = None
    hint: str | None = None
    reranker: str | None = None
    """The reranker that put the first twenty in order, None where none did."""
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Terms of the explanations → the words of the query."""
    ways: tuple[SearchSuggestion, ...] = ()
    """Where nothing was found: changes to the search that find something."""
    total_is_floor: bool = False
    suggestion: str | None = None
    """Another spelling of the query to ask, where something was found though a word of it is in no text."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A name that goes on from what was typed. `matched` is the label or alias that did."""

    iri: str
    label: str
    matched: str
    types: tuple[str, ...] = ()
