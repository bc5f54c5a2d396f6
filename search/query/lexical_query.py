"""Translation of a parsed query and its filters into clauses for the lexical index (`search.index.terms`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Final, NamedTuple

from search.analysis.dates import day_range
from search.analysis.spelling_variants import joined
from search.analysis.tokens import number_alike, query_words
from search.index.schema import TEXT_FIELDS
from search.index.stemmer import Stems
from search.index.terms import (
    ENTITY,
    NOTHING,
    PLACE,
    AllOf,
    AnyOf,
    AnyValue,
    Clause,
    Phrase,
    Range,
    Term,
    Unscored,
)
from search.item import Item
from search.query.parser import ParsedQuery, content_words
from search.types import Filters

__all__ = [
    "ENTITY_WEIGHT",
    "FIELD_WEIGHTS",
    "PLACE_WEIGHT",
    "LexicalQuery",
    "NamedEntity",
    "filter_clause",
    "lexical_query",
    "prefix_clause",
]

FIELD_WEIGHTS: Final = {"title": 0.15, "text": 1.0, "exact": 1.0}
"""Factor of a word's BM25 score in each field. `text` holds the title too."""

ENTITY_WEIGHT: Final = 1.0
"""Added to an item that mentions an entity of the query, under whatever name: as much as a common word."""

PLACE_WEIGHT: Final = 3.0
"""Added, for each word of a place's name, to an item on that place or on one that lies in it: as much as a rare word.
Such an item may hold no word of the name, and should not rank below an item that has these words by chance."""

_MAX_ENTITIES: Final = 8
_MAX_WORDS: Final = 64  # the first ones count: the cost of a search has a ceiling
_MAX_PREFIX_CHARS: Final = 16  # as the index keeps them
_CURRENCY_SIGNS: Final = ("£", "$", "€")
_YEAR_DIGITS: Final = 4

_NO_ENTITIES: Final[Mapping[str, NamedEntity]] = MappingProxyType({})


class NamedEntity(NamedTuple):
    """An entity that the query names: its label, all its names, and whether it is a place, in which others may lie."""

    label: str
    names: tuple[str, ...]
    is_place: bool

    @classmethod
    def of(cls, card: Item) -> NamedEntity:
        """The entity of this card."""
        return cls(card.title, (card.title, *card.aliases), card.iri in card.places)


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """The words of a query, ready for the lexical and the forward index.

    - `scoring` ranks; `terms` are its terms, by which the forward index scores given items (`search.index.bm25`).
    - `condition` holds filters, phrases and exclusions; None if there are none.
    - `stems`, `exact` and `phrases` are what is highlighted.
    - `numbers`: amounts and years of the query, each with the other ways to write it.
    - `number_variants`: stem of another way to write a number → the stem that the query has.
    - `name_terms`: stem that belongs to the name of an entity → (field, word) pairs of which an item on that entity has
      at least one.
    - `labels`: word of a term → how it is shown in explanations.
    """

    scoring: Clause
    terms: tuple[Term, ...]
    condition: Clause | None
    stems: frozenset[str]
    exact: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]
    numbers: tuple[tuple[str, ...], ...] = ()
    number_variants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    name_terms: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=lambda: MappingProxyType({}))
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of_condition(cls, condition: Clause | None) -> LexicalQuery:
        """A query without words."""
        return cls(NOTHING, (), condition, stems=frozenset(), exact=frozenset(), phrases=())


def lexical_query(
    parsed: ParsedQuery, filters: Filters, stemmer: Stems, entities: Mapping[str, NamedEntity] = _NO_ENTITIES
) -> LexicalQuery:
    """The clauses for a query. `entities`: IRI → entity that the query names."""
    stems = _stems(parsed.text, stemmer)
    number_variants = _number_variants(stems, stemmer)
    stems |= {variant: stems[stem] for variant, stem in number_variants.items()}
    words = query_words(parsed.text)
    numbers = {word.text: _amounts(word.text) for word in words if _has_digit(word.text)}
    forms = (form for word in words if not word.plain for form in numbers.get(word.text, (word.text,)))
    exact = list(dict.fromkeys(forms))[:_MAX_WORDS]
    entities = dict(islice(entities.items(), _MAX_ENTITIES))
    name_terms = _name_terms(stems, entities, stemmer)
    terms = _terms(stems, exact, entities, name_terms)
    return LexicalQuery(
        scoring=AnyOf(terms),
        terms=terms,
        condition=_condition(parsed, filters),
        stems=frozenset(stems),
        exact=frozenset(exact),
        phrases=parsed.phrases,
        numbers=tuple(numbers.values())[:_MAX_WORDS],
        number_variants=MappingProxyType(number_variants),
        name_terms=MappingProxyType(name_terms),
        labels=MappingProxyType({**stems, **{iri: entity.label for iri, entity in entities.items()}}),
    )


def _terms(
    stems: Mapping[str, str],
    exact: Sequence[str],
    entities: Mapping[str, NamedEntity],
    name_terms: Mapping[str, tuple[tuple[str, str], ...]],
) -> tuple[Term, ...]:
    terms = [Term(name, stem, FIELD_WEIGHTS[name]) for name in TEXT_FIELDS for stem in stems]
    terms += [Term("exact", word, FIELD_WEIGHTS["exact"]) for word in exact]
    terms += [Term(ENTITY, iri, ENTITY_WEIGHT) for iri in entities]
    words_of_places = Counter(iri for pairs in name_terms.values() for name, iri in pairs if name == PLACE)
    terms += [Term(PLACE, iri, PLACE_WEIGHT * words) for iri, words in words_of_places.items()]
    return tuple(terms)


def _condition(parsed: ParsedQuery, filters: Filters) -> Clause | None:
    clauses: list[Clause] = [Phrase(words) for words in parsed.phrases]
    passing = filter_clause(filters)
    if passing is not None:
        clauses.append(passing)
    excluded = tuple(Phrase(words) for words in parsed.excluded)
    return Unscored(AllOf(tuple(clauses), excluded)) if clauses or excluded else None


def filter_clause(filters: Filters) -> Clause | None:
    """The items that pass the filters; None if all do."""
    clauses: list[Clause] = [AnyValue(name, values) for name, values in filters.values().items()]
    clauses += _dated(filters.date_from, filters.date_to)
    without: list[Clause] = []
    for exclusion in filters.without:
        name, _, value = exclusion.partition(":")
        if name != "year":
            without.append(AnyValue(name, (value,)))
        elif days := _dated(value, value):
            without.append(AllOf(tuple(days)))
    return AllOf(tuple(clauses), tuple(without)) if clauses or without else None


def _dated(start: str | None, end: str | None) -> list[Clause]:
    """The days of a document overlap those asked for: it ends after their start and starts before their end."""
    clauses: list[Clause] = []
    first, last = (day_range(date) if date else None for date in (start, end))
    if first is not None:
        clauses.append(Range("last_day", first=first[0]))
    if last is not None:
        clauses.append(Range("first_day", last=last[1]))
    return clauses


def prefix_clause(words: Sequence[str]) -> Clause:
    """Names in which each of `words` (folded) begins a word."""
    return AllOf(tuple(Term("prefix", word[:_MAX_PREFIX_CHARS]) for word in words))


def _stems(text: str, stemmer: Stems) -> dict[str, str]:
    """Stem of each content word, in order → the first word of the query with that stem."""
    # The stemmed fields split £3.4 million into 3 and 4, which £4.3 million has too: amounts go to the exact field.
    words = [word for word in query_words(text) if word.plain or not _has_digit(word.text)]
    stems: dict[str, str] = {}
    for word in content_words([word.text for word in words]):  # stop words go before stemming changes them
        for stem in stemmer.of(word):
            stems.setdefault(stem, word)
    # Words that the exact field merges ("r&d", "U.K.") are also looked for by their written parts.
    merged = " ".join(text[word.start : word.end] for word in words if not word.plain)
    for part in (*merged.split(), *joined(text)):
        for stem in stemmer.of(part):
            stems.setdefault(stem, part)
    return dict(islice(stems.items(), _MAX_WORDS))


def _name_terms(
    stems: Mapping[str, str], entities: Mapping[str, NamedEntity], stemmer: Stems
) -> dict[str, tuple[tuple[str, str], ...]]:
    """As `LexicalQuery.name_terms`, for the names that stand in the query with all their words."""
    name_terms: dict[str, tuple[tuple[str, str], ...]] = {}
    for iri, entity in entities.items():
        pairs = ((ENTITY, iri), *(((PLACE, iri),) if entity.is_place else ()))
        for name in entity.names:
            words = content_words([word.text for word in query_words(name)])
            parts = [stem for word in words for stem in stemmer.of(word)]
            if not all(stem in stems for stem in parts):
                continue
            for stem in parts:
                known = name_terms.get(stem, ())
                if pairs[0] not in known:
                    name_terms[stem] = (*known, *pairs)
    return name_terms


def _has_digit(word: str) -> bool:
    return any(char.isdigit() for char in word)


def _number_variants(stems: Mapping[str, str], stemmer: Stems) -> dict[str, str]:
    """As `LexicalQuery.number_variants`, for the small numbers among the words: 12 regions are twelve regions."""
    others = {stem: number_alike(word) for stem, word in stems.items()}
    variants = {variant: stem for stem, word in others.items() if word for variant in stemmer.of(word)}
    return {variant: stem for variant, stem in variants.items() if variant not in stems}


def _amounts(word: str) -> tuple[str, ...]:
    """The word, and the sums of money that a large number without a sign may be: 25 million finds £25 million."""
    is_large = word.isdigit() and len(word) > _YEAR_DIGITS
    return (word, *(sign + word for sign in _CURRENCY_SIGNS)) if is_large else (word,)
