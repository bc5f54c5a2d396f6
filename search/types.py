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
from search.item import EntityRef, Kind

__all__ = [
    "MAX_LIMIT",
    "MAX_OFFSET",
    "MAX_QUERY_CHARS",
    "Completion",
    "Demoted",
    "DocumentRef",
    "EntityRef",
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
"""Hits on one page of results."""

MAX_OFFSET: Final = (1 << 31) - 1
"""No result has a greater offset, and messages to search processes hold numbers up to 64 bits only."""

MAX_QUERY_CHARS: Final = 2_000
"""Twice what the encoder reads (256 tokens)."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions for hits. The values of one field are alternatives; all fields must hold.

    `date_from` and `date_to` are ISO dates of any precision, both inclusive: a document dated "2018" lies in
    "2018-06".."2019". `without`: values that a hit must not have, as `field:value` (or `year:2018`).
    Raises InputError for an unknown kind, for text that is no date, and for dates in the wrong order.
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
        """Name → values of the fields that are set, without the dates and `without`."""
        return {name: values for name in _VALUE_FIELDS if (values := getattr(self, name))}

    def __bool__(self) -> bool:
        return bool(self.values() or self.date_from or self.date_to or self.without)


_VALUE_FIELDS: Final = tuple(
    field.name for field in fields(Filters) if field.name not in ("date_from", "date_to", "without")
)


@dataclass(frozen=True, slots=True)
class Query:
    """A query to the search engine.

    - In the `text`, `field:value` with a field of Filters (or `year:2018`) narrows the search if the value is known,
      and `-field:value` excludes; see `search.query.field_filters`.
    - `entities`: IRIs that the caller linked in the text. Hits that mention them score higher.
    - `facets`: whether to count the values of the filter fields, which takes longer.
    - `recent`: whether late dates add a boost.

    Raises InputError if limit is outside 0..100, offset outside 0..`MAX_OFFSET`, the mode is unknown, or the text is
    too long.
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
        if not 0 <= self.offset <= MAX_OFFSET:
            raise InputError(f"The offset {self.offset} is out of range.", f"Give 0 to {MAX_OFFSET}.")
        if self.mode not in get_args(Mode):
            raise InputError(f"“{self.mode}” is not a way to search.", "Use hybrid, lexical or dense.")
        if len(self.text) > MAX_QUERY_CHARS:
            raise InputError(
                f"The query has {len(self.text):,} characters; at most {MAX_QUERY_CHARS:,} can be searched.",
                "Ask in a sentence or two.",
            )


@dataclass(frozen=True, slots=True)
class Snippet:
    """A window of an item's text. `highlights`: offsets into `text`; `start`: offset of the window in the item's text.

    `cut`: whether text was left out before and after it. Raises ValueError if highlights overlap or exceed the text.
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
    """The document of a hit. `id`: its own id in JSON Lines input, or its path below the ingested folder."""

    iri: str
    id: str | None = None
    title: str | None = None
    publisher: str | None = None
    date: str | None = None
    source_url: str | None = None


@dataclass(frozen=True, slots=True)
class TermScore:
    """What one term of the query added to the raw lexical score.

    `field`: title; text, which includes the title; about, the description of the document's subject, for words that the
    text has not; exact; entity, with the name of the mentioned entity as `term`; or place, with the name of a place
    that the item is on, or that its places lie in.
    """

    term: str
    field: str
    score: float


@dataclass(frozen=True, slots=True)
class Explain:
    """Explanation of a score: score = lexical_weight·lexical + dense_weight·dense + Σ boosts.

    `lexical_raw` is BM25 (≥ 0, higher is better), `dense_raw` a cosine in [-1, 1]; `lexical` and `dense` are these
    scaled to [0, 1] over the candidates of this search. None means not measured in this mode. `terms` add up to
    `lexical_raw`; they are computed when first read.
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
    """Reason why a hit stands lower than its score.

    `like`: IRI of a hit above it that says much the same; None if three passages of its document stand above it.
    """

    like: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. `score` orders the hits of one search, higher first, except for those that are `lowered`.

    Scores of different searches cannot be compared.
    """

    iri: str
    kind: Kind
    score: float
    title: str
    snippet: Snippet
    document: DocumentRef | None
    page: int
    entities: tuple[EntityRef, ...]
    types: tuple[str, ...]
    reliability: str | None
    explain: Explain
    lowered: Demoted | None = None


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a filter field, and the number of results with it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class SearchSuggestion:
    """A change to a search, with the text of the new query and the number of its results.

    `kind`: "filter" drops the `value` of a filter `field`; "dates" drops the dates; "filters" drops both, quotation
    marks and exclusions; "words" changes only the text, from which `value` was omitted, and `field` names its field if
    it was typed with one. `count_is_floor`: there may be more results.
    """

    kind: Literal["filter", "dates", "filters", "words"]
    text: str
    count: int
    field: str = ""
    value: str = ""
    count_is_floor: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """One page of results.

    - `total`: number of all results; a lower bound if `total_is_floor`. That is so without facets, when only candidates
      are counted, and in an index with more vectors than one search reads (see `search.ranking.result_set`).
    - `facets`: field → values, most frequent first, counted over all results; empty unless asked for. Choosing a value
      gives as many results as its count.
    - `corrected`: the spelling that was searched for, if nothing matched as written; `suggestion`: another spelling to
      offer, if something matched although a word is unknown.
    - `hint`: a sentence on why there is no result, or none on this page; `ways`: changes to the search that find some.
    - `reranker`: name of the reranker that ordered the first twenty hits, if one did.
    - `words`: term of an explanation → word of the query.

    Among the first ten hits a document takes three places at most, and a text one, if something else is relevant. The
    hits that are moved down for that are `lowered`.
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
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ways: tuple[SearchSuggestion, ...] = ()
    total_is_floor: bool = False
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """An entity whose name begins as typed. `matched`: the label or alias that does."""

    iri: str
    label: str
    matched: str
    types: tuple[str, ...] = ()
