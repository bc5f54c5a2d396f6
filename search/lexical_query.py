"""From what was typed and chosen to tantivy's queries, built as objects: user text never meets a query parser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from search.bm25 import Term
from search.dates import day_range
from search.parse import ParsedQuery, content_words
from search.schema import TEXT_FIELDS
from search.stems import Stems
from search.types import Filters
from search.words import exact_words

if TYPE_CHECKING:
    import tantivy

__all__ = ["FIELD_WEIGHTS", "LexicalQuery", "filter_query", "lexical_query", "prefix_query"]

FIELD_WEIGHTS: Final = {"title": 0.15, "text": 1.0, "exact": 1.0}
"""What a word is worth in each field; `text` holds the title too."""

_MAX_WORDS: Final = 64
"""Words of a query that are ranked by, the first ones: the cost of a search has a ceiling."""


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """`scoring` ranks; `must` holds filters, phrases and exclusions (None = no condition).

    `terms` are what `scoring` sums up: given units are scored by them from the forward index (`search.bm25`). `stems`
    and `exact` are the words that can match, for highlights; `phrases` are highlighted as a whole.
    """

    scoring: tantivy.Query
    terms: tuple[Term, ...]
    must: tantivy.Query | None
    stems: frozenset[str]
    exact: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]


def lexical_query(parsed: ParsedQuery, filters: Filters, schema: tantivy.Schema, stemmer: Stems) -> LexicalQuery:
    from tantivy import Occur, Query

    stems = _stems(parsed.text, stemmer)
    exact = list(dict.fromkeys(word.text for word in exact_words(parsed.text) if not word.plain))[:_MAX_WORDS]
    terms = [Term(field, stem, FIELD_WEIGHTS[field]) for field in TEXT_FIELDS for stem in stems]
    terms += [Term("exact", word, FIELD_WEIGHTS["exact"]) for word in exact]
    conditions = [(Occur.Must, _phrase(schema, phrase)) for phrase in parsed.phrases]
    conditions += [(Occur.MustNot, _phrase(schema, words)) for words in parsed.excluded]
    chosen = filter_query(filters, schema)
    if chosen is not None:
        conditions.append((Occur.Must, chosen))
    must = None
    if conditions:
        # A clause that only excludes needs something to exclude from.
        must = Query.const_score_query(Query.boolean_query([(Occur.Must, Query.all_query()), *conditions]), 0.0)
    scoring = Query.boolean_query([(Occur.Should, _weighted(schema, term)) for term in terms])
    return LexicalQuery(scoring, tuple(terms), must, frozenset(stems), frozenset(exact), parsed.phrases)


def filter_query(filters: Filters, schema: tantivy.Schema) -> tantivy.Query | None:
    """What a unit must be to pass; None when everything does."""
    from tantivy import FieldType, Occur, Query

    clauses = [
        (Occur.Must, Query.term_set_query(schema, field, list(values))) for field, values in filters.values().items()
    ]
    # A document's days overlap the chosen ones: it ends after their start and starts before their end.
    for date, field, side in ((filters.date_from, "last_day", 0), (filters.date_to, "first_day", 1)):
        days = day_range(date) if date else None
        if days is not None:
            lower, upper = (days[0], None) if side == 0 else (None, days[1])
            clauses.append((Occur.Must, Query.range_query(schema, field, FieldType.Unsigned, lower, upper)))
    return Query.boolean_query(clauses) if clauses else None


def prefix_query(words: Sequence[str], schema: tantivy.Schema) -> tantivy.Query:
    """Names in which each of `words` (folded, at most 16 letters) begins a word."""
    from tantivy import Occur, Query

    return Query.boolean_query(
        [(Occur.Must, Query.term_query(schema, "prefix", word[:16], index_option="freq")) for word in words]
    )


def _stems(text: str, stemmer: Stems) -> list[str]:
    """Stems of the content words, in order, each once. Function words are told before stemming changes them."""
    words = content_words([word.text for word in exact_words(text)])
    stems = dict.fromkeys(stem for word in words for stem in stemmer.of(word))
    # What the exact words merged ("£25 million" → £25000000, "r&d") is also looked for in its written parts.
    odd = " ".join(text[word.start : word.end] for word in exact_words(text) if not word.plain)
    stems.update(dict.fromkeys(stemmer.of(odd)))
    return list(stems)[:_MAX_WORDS]


def _phrase(schema: tantivy.Schema, words: tuple[str, ...]) -> tantivy.Query:
    from tantivy import Query

    if len(words) == 1:
        return Query.term_query(schema, "exact", words[0])
    return Query.phrase_query(schema, "exact", list(words))


def _weighted(schema: tantivy.Schema, term: Term) -> tantivy.Query:
    from tantivy import Query

    query = Query.term_query(schema, term.field, term.word, index_option="freq")
    return query if term.weight == 1.0 else Query.boost_query(query, term.weight)
