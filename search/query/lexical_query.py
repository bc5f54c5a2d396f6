"""From what was typed and chosen to tantivy's queries, built as objects: user text never meets a query parser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from search.analysis.dates import day_range
from search.analysis.spelling_variants import joined
from search.analysis.tokens import number_alike, query_words
from search.index.forward import CONSTANT, ENTITY, PLACE
from search.index.schema import TEXT_FIELDS
from search.index.stemmer import Stems
from search.index.terms import Condition, Term
from search.item import Item
from search.query.parser import ParsedQuery, content_words
from search.types import Filters

if TYPE_CHECKING:
    import tantivy

__all__ = [
    "FIELD_WEIGHTS",
    "MENTIONED",
    "WITHIN",
    "LexicalQuery",
    "Named",
    "filter_query",
    "lexical_query",
    "prefix_query",
]


FIELD_WEIGHTS: Final = {"title": 0.15, "text": 1.0, "exact": 1.0}
"""What a word is worth in each field; `text` holds the title too."""

MENTIONED: Final = 1.0
"""What it adds that a unit mentions an entity that the query names, whatever it calls it: as much as a common word."""

WITHIN: Final = 3.0
"""What it adds, for each word of a name, that a unit is on the place of that name or on one that lies in it: as much as
a word that is not common. The unit may have none of them, and one that has them by chance should not do better."""

_MAX_ENTITIES: Final = 8

_CURRENCIES: Final = ("£", "$", "€")
_YEAR: Final = 4  # digits

_MAX_WORDS: Final = 64
"""Words of a query that are ranked by, the first ones: the cost of a search has a ceiling."""


class Named(NamedTuple):
    """An entity that a query names: what it is called, all its names, and whether others may lie in it."""

    label: str
    names: tuple[str, ...]
    is_place: bool

    @classmethod
    def of(cls, card: Item) -> Named:
        return cls(card.title, (card.title, *card.aliases), card.iri in card.places)


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """`scoring` ranks; `must` holds filters, phrases and exclusions (None = no condition).

    `terms` are what `scoring` sums up: given units are scored by them from the forward index (`search.index.bm25`).
    `stems` and `exact` are the words that can match, for highlights; `phrases` are highlighted as a whole. `numbers`
    are the amounts, years and such, each with the other ways to say it. `alike`: the stems that are only another way to
    write a number of the query, each with the stem that stands in it. `stands`: stems that are (part of) the name of an
    entity, each with what a unit on that entity holds too, as fields and words. `written`: what stands in the query for
    a term.
    """

    scoring: tantivy.Query
    terms: tuple[Term, ...]
    must: Condition | None
    stems: frozenset[str]
    exact: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]
    numbers: tuple[tuple[str, ...], ...] = ()
    alike: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stands: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=lambda: MappingProxyType({}))
    written: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def lexical_query(
    parsed: ParsedQuery,
    filters: Filters,
    schema: tantivy.Schema,
    stemmer: Stems,
    named: Mapping[str, Named] = MappingProxyType({}),
) -> LexicalQuery:
    """`named`: the entities that the query names."""
    from tantivy import Occur, Query

    stems = _stems(parsed.text, stemmer)
    alike = _alike(stems, stemmer)
    stems |= {other: stems[stem] for other, stem in alike.items()}
    words = query_words(parsed.text)
    amounts = {word.text: _amounts(word.text) for word in words if _has_digit(word.text)}
    odd = [form for word in words if not word.plain for form in amounts.get(word.text, (word.text,))]
    exact = list(dict.fromkeys(odd))[:_MAX_WORDS]
    terms = [Term(name, stem, FIELD_WEIGHTS[name]) for name in TEXT_FIELDS for stem in stems]
    terms += [Term("exact", word, FIELD_WEIGHTS["exact"]) for word in exact]
    named = dict(list(named.items())[:_MAX_ENTITIES])
    terms += [Term(ENTITY, iri, MENTIONED) for iri in named]
    stands = _stands(stems, named, stemmer)
    lies_in = Counter(word for ways in stands.values() for field, word in ways if field == PLACE)
    terms += [Term(PLACE, iri, WITHIN * words) for iri, words in lies_in.items()]
    conditions = [(Occur.Must, _phrase(schema, phrase)) for phrase in parsed.phrases]
    conditions += [(Occur.MustNot, _phrase(schema, words)) for words in parsed.excluded]
    chosen = filter_query(filters, schema)
    if chosen is not None:
        conditions.append((Occur.Must, chosen))
    must = None
    if conditions:
        # A clause that only excludes needs something to exclude from.
        query = Query.const_score_query(Query.boolean_query([(Occur.Must, Query.all_query()), *conditions]), 0.0)
        must = Condition(filters, tuple(parsed.phrases), tuple(parsed.excluded), query)
    scoring = Query.boolean_query([(Occur.Should, _weighted(schema, term)) for term in terms])
    return LexicalQuery(
        scoring,
        tuple(terms),
        must,
        frozenset(stems),
        frozenset(exact),
        parsed.phrases,
        tuple(amounts.values())[:_MAX_WORDS],
        MappingProxyType(alike),
        MappingProxyType(stands),
        MappingProxyType({**stems, **{iri: entity.label for iri, entity in named.items()}}),
    )


def filter_query(filters: Filters, schema: tantivy.Schema) -> tantivy.Query | None:
    """What a unit must be to pass; None when everything does."""
    from tantivy import Occur, Query

    clauses = [
        (Occur.Must, Query.term_set_query(schema, field, list(values))) for field, values in filters.values().items()
    ]
    clauses += _dated(schema, filters.date_from, filters.date_to)
    if filters.without:
        # A clause that only excludes needs something to exclude from.
        clauses.append((Occur.Must, Query.all_query()))
    for excluded in filters.without:
        name, _, value = excluded.partition(":")
        if name == "year":
            clauses.append((Occur.MustNot, Query.boolean_query(_dated(schema, value, value))))
        else:
            clauses.append((Occur.MustNot, Query.term_query(schema, name, value, index_option="basic")))
    return Query.boolean_query(clauses) if clauses else None


def _dated(schema: tantivy.Schema, start: str | None, end: str | None) -> list[tuple[tantivy.Occur, tantivy.Query]]:
    """A document's days overlap the chosen ones: it ends after their start and starts before their end."""
    from tantivy import FieldType, Occur, Query

    clauses = []
    for date, name, side in ((start, "last_day", 0), (end, "first_day", 1)):
        days = day_range(date) if date else None
        if days is not None:
            lower, upper = (days[0], None) if side == 0 else (None, days[1])
            clauses.append((Occur.Must, Query.range_query(schema, name, FieldType.Unsigned, lower, upper)))
    return clauses


def prefix_query(words: Sequence[str], schema: tantivy.Schema) -> tantivy.Query:
    """Names in which each of `words` (folded, at most 16 letters) begins a word."""
    from tantivy import Occur, Query

    return Query.boolean_query(
        [(Occur.Must, Query.term_query(schema, "prefix", word[:16], index_option="freq")) for word in words]
    )


def _stems(text: str, stemmer: Stems) -> dict[str, str]:
    """Stems of the content words, in order, each with the first word it stands for.

    Function words are told before stemming changes them.
    """
    # To the stemmed fields £3.4 million is a 3 and a 4, which £4.3 million has too: the exact field knows better.
    words = [word for word in query_words(text) if word.plain or not _has_digit(word.text)]
    stems: dict[str, str] = {}
    for word in content_words([word.text for word in words]):
        for stem in stemmer.of(word):
            stems.setdefault(stem, word)
    # What the exact words merged ("r&d", "U.K.") is also looked for in its written parts.
    odd = " ".join(text[word.start : word.end] for word in words if not word.plain)
    for part in (*odd.split(), *joined(text)):
        for stem in stemmer.of(part):
            stems.setdefault(stem, part)
    return dict(list(stems.items())[:_MAX_WORDS])


def _stands(
    stems: Mapping[str, str], named: Mapping[str, Named], stemmer: Stems
) -> dict[str, tuple[tuple[str, str], ...]]:
    """The stems of names that stand in the query as a whole, and what says that a unit is on what they name."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for iri, entity in named.items():
        ways = ((ENTITY, iri), *(((PLACE, iri),) if entity.is_place else ()))
        for name in entity.names:
            words = content_words([word.text for word in query_words(name)])
            parts = [stem for word in words for stem in stemmer.of(word)]
            if all(stem in stems for stem in parts):
                found |= {stem: (*found.get(stem, ()), *ways) for stem in parts if ways[0] not in found.get(stem, ())}
    return found


def _has_digit(word: str) -> bool:
    return any(char.isdigit() for char in word)


def _alike(stems: Mapping[str, str], stemmer: Stems) -> dict[str, str]:
    """Stems of the other ways to write the small numbers among the words: 12 regions are twelve regions."""
    others = {stem: number_alike(word) for stem, word in stems.items()}
    found = {other: stem for stem, word in others.items() if word for other in stemmer.of(word)}
    return {other: stem for other, stem in found.items() if other not in stems}


def _amounts(word: str) -> tuple[str, ...]:
    """The word, and the sums of money that a great number without a sign may be: 25 million finds £25 million."""
    great = word.isdigit() and len(word) > _YEAR
    return (word, *(sign + word for sign in _CURRENCIES)) if great else (word,)


def _phrase(schema: tantivy.Schema, words: tuple[str, ...]) -> tantivy.Query:
    from tantivy import Query

    if len(words) == 1:
        return Query.term_query(schema, "exact", words[0])
    return Query.phrase_query(schema, "exact", list(words))


def _weighted(schema: tantivy.Schema, term: Term) -> tantivy.Query:
    from tantivy import Query

    if term.field in CONSTANT:
        mention = Query.term_query(schema, term.field, term.word, index_option="basic")
        return Query.const_score_query(mention, term.weight)
    query = Query.term_query(schema, term.field, term.word, index_option="freq")
    return query if term.weight == 1.0 else Query.boost_query(query, term.weight)
