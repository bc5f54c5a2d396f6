"""Schema of the lexical index: its fields, its tokenisers, and the document of an item.

| field | content | words |
|---|---|---|
| title | the title with the aliases | letters and digits, no accents, in one spelling (`search.analysis`), stemmed |
| text | title, aliases, subject, heading and text together, which suits BM25 | the same |
| exact | the same without the subject, for phrases, amounts and short names | `search.analysis.tokens` |
| prefix | the names of an entity, for completion | every prefix of each word |
| iri, slot | keys: deletes go by `iri`, the dense index by `slot` | whole values |
| filters | FILTER_FIELDS, and `first_day`, `last_day` as yyyymmdd | whole values |

FORMAT rises with every change that makes an old index wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from search.analysis.dates import day_range
from search.analysis.spelling_variants import canonical
from search.analysis.tokens import exact_words
from search.item import Item

if TYPE_CHECKING:
    import tantivy

__all__ = [
    "FILTER_FIELDS",
    "FORMAT",
    "TEXT_FIELDS",
    "analyser",
    "build_schema",
    "document",
    "field_texts",
    "fold",
    "own_text",
    "register",
    "spellings",
    "words_of_text",
]

FORMAT: Final = 7

TEXT_FIELDS: Final = ("title", "text")

FILTER_FIELDS: Final = (
    "kind",
    "type",
    "theme",
    "place",
    "organisation",
    "programme",
    "publisher",
    "reliability",
    "collection",
    "document",
    "entity",
    "year",
)

_MAX_WORD_BYTES: Final = 60  # longer words are not typed
_MAX_PREFIX_CHARS: Final = 16
_APOSTROPHE: Final = re.compile("['’‘ʼ`´]")
_PART_BREAK: Final = " | "  # between the parts of the exact field: no phrase contains it


def build_schema() -> tantivy.Schema:
    """The schema of every lexical index."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("iri", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("slot", indexed=True, fast=True)
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="stemmed", index_option="freq")
    builder.add_text_field("exact", tokenizer_name="spaced", index_option="position")
    builder.add_text_field("prefix", tokenizer_name="spaced", index_option="freq")
    for name in FILTER_FIELDS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    for name in ("first_day", "last_day"):
        builder.add_unsigned_field(name, fast=True)
    return builder.build()


def analyser() -> tantivy.TextAnalyzer:
    """The analyser of the stemmed fields, for queries and highlights too."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(_MAX_WORD_BYTES))
    return builder.filter(Filter.lowercase()).filter(Filter.ascii_fold()).filter(Filter.stemmer("english")).build()


def register(index: tantivy.Index) -> None:
    """Give an opened index its tokenisers, which tantivy does not store."""
    from tantivy import TextAnalyzerBuilder, Tokenizer

    index.register_tokenizer("stemmed", analyser())
    index.register_tokenizer("spaced", TextAnalyzerBuilder(Tokenizer.whitespace()).build())


def field_texts(item: Item) -> dict[str, str]:
    """Field name → content of the title, text and exact fields. The words of `exact` are separated by spaces.

    The description of the subject is no part of `exact`: phrases and amounts are looked for in the text itself.
    """
    own = own_text(item)
    return {
        "title": unicodedata.normalize("NFC", _names(item)),
        "text": unicodedata.normalize("NFC", f"{item.about}\n{own}" if item.about else own),
        "exact": _PART_BREAK.join(_spaced(part) for part in _parts(item)),
    }


def own_text(item: Item) -> str:
    """The content of the text field without the description of the subject."""
    return "\n".join(_parts(item))


def _names(item: Item) -> str:
    return "\n".join((item.title, *item.aliases))


def _parts(item: Item) -> list[str]:
    return [part for part in (_names(item), item.heading, item.text) if part]


def words_of_text(texts: Mapping[str, str]) -> list[str]:
    """The exact words of the item's own text, from its `field_texts`."""
    return texts["exact"].rsplit(_PART_BREAK, 1)[-1].split()


def document(item: Item, slot: int, texts: Mapping[str, str] | None = None) -> tantivy.Document:
    """The document of `item`, to be indexed and not stored. `texts`: its `field_texts`, if the caller has them."""
    import tantivy

    doc = tantivy.Document()
    doc.add_text("iri", item.iri)
    doc.add_unsigned("slot", slot)
    for name, text in (field_texts(item) if texts is None else texts).items():
        doc.add_text(name, canonical(text) if name in TEXT_FIELDS else text)
    if item.kind == "entity":
        doc.add_text("prefix", _prefixes((item.title, *item.aliases)))
    _add_filters(doc, item)
    return doc


def _add_filters(doc: tantivy.Document, item: Item) -> None:
    days = day_range(item.date) if item.date else None
    own = (item.iri,) if item.kind == "entity" else ()
    filters: dict[str, tuple[str | None, ...]] = {
        "kind": (item.kind,),
        "type": item.types,
        "theme": item.themes,
        "place": item.places,
        "organisation": item.organisations,
        "programme": item.programmes,
        "publisher": (item.publisher,),
        "reliability": (item.reliability,),
        "collection": (item.collection,),
        "document": (item.document,),
        "entity": (*own, *item.entities),
        "year": (str(days[0] // 10000) if days else None,),
    }
    for name, values in filters.items():
        for value in dict.fromkeys(values):
            if value:
                doc.add_text(name, value)
    if days:
        doc.add_unsigned("first_day", days[0])
        doc.add_unsigned("last_day", days[1])


def fold(text: str) -> str:
    """`text` in lower case without accents, as people type names on any keyboard."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))


def spellings(name: str) -> tuple[tuple[str, ...], ...]:
    """The folded words of a name, and again without its apostrophes, if it has any: people type kings for King's."""
    without = _APOSTROPHE.sub("", name)
    forms = (name, without) if without != name else (name,)
    return tuple(tuple(fold(word.text) for word in exact_words(form)) for form in forms)


def _spaced(text: str) -> str:
    return " ".join(word.text for word in exact_words(text))


def _prefixes(names: tuple[str, ...]) -> str:
    words = {word for name in names for spelling in spellings(name) for word in spelling}
    return " ".join(sorted({word[:n] for word in words for n in range(1, min(len(word), _MAX_PREFIX_CHARS) + 1)}))
