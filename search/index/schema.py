"""The lexical index's fields and tokenisers, and how a unit becomes a document of it.

| field | holds | words |
|---|---|---|
| title | the title with the aliases | letters and digits, no accents, in one spelling (`search.analysis`), stemmed |
| text | title, aliases, subject, heading and text in one, which BM25 ranks better by | the same |
| exact | the same without the subject, for phrases, amounts and short names | `search.analysis.tokens` |
| prefix | beginnings of the words of names, for completion | every beginning of each word |
| iri, slot | who it is: deletes go by `iri`, the dense index by `slot` | as they are |
| filters | see FILTER_FIELDS, and `first_day`, `last_day` as yyyymmdd | as they are |

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

_MAX_WORD = 60  # bytes; longer runs are no words that anyone types
_MAX_PREFIX = 16
_APOSTROPHE: Final = re.compile("['’‘ʼ`´]")
_BREAK = " | "  # stands between the parts of the exact field: no phrase contains it


def build_schema() -> tantivy.Schema:
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
    """The words of the stemmed fields, for queries and highlights."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(_MAX_WORD))
    return builder.filter(Filter.lowercase()).filter(Filter.ascii_fold()).filter(Filter.stemmer("english")).build()


def register(index: tantivy.Index) -> None:
    """Tokenisers are not kept in the index: this belongs to every opening of one."""
    from tantivy import TextAnalyzerBuilder, Tokenizer

    index.register_tokenizer("stemmed", analyser())
    index.register_tokenizer("spaced", TextAnalyzerBuilder(Tokenizer.whitespace()).build())


def field_texts(item: Item) -> dict[str, str]:
    """What the title, text and exact fields of a unit hold; words of `exact` stand between spaces.

    What is said of the subject is no part of `exact`: a phrase or an amount is asked of the text itself.
    """
    own = own_text(item)
    return {
        "title": unicodedata.normalize("NFC", _names(item)),
        "text": unicodedata.normalize("NFC", f"{item.about}\n{own}" if item.about else own),
        "exact": _BREAK.join(_spaced(part) for part in _parts(item)),
    }


def own_text(item: Item) -> str:
    """What the text field holds, without what is said of the subject."""
    return "\n".join(_parts(item))


def _names(item: Item) -> str:
    return "\n".join((item.title, *item.aliases))


def _parts(item: Item) -> list[str]:
    return [part for part in (_names(item), item.heading, item.text) if part]


def words_of_text(texts: Mapping[str, str]) -> list[str]:
    """The exact words of the unit's own text, from its `field_texts`."""
    return texts["exact"].rsplit(_BREAK, 1)[-1].split()


def document(item: Item, slot: int, texts: Mapping[str, str] | None = None) -> tantivy.Document:
    """The document of `item`, of which tantivy stores nothing. `texts`: its `field_texts` where at hand."""
    import tantivy

    doc = tantivy.Document()
    doc.add_text("iri", item.iri)
    doc.add_unsigned("slot", slot)
    for name, text in (field_texts(item) if texts is None else texts).items():
        doc.add_text(name, canonical(text) if name in TEXT_FIELDS else text)
    if item.kind == "entity":
        doc.add_text("prefix", _beginnings((item.title, *item.aliases)))
    _add_filters(doc, item)
    return doc


def _add_filters(doc: tantivy.Document, item: Item) -> None:
    days = day_range(item.date) if item.date else None
    about = (item.iri,) if item.kind == "entity" else ()
    held: dict[str, tuple[str | None, ...]] = {
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
        "entity": (*about, *item.entities),
        "year": (str(days[0] // 10000) if days else None,),
    }
    for name, values in held.items():
        for value in dict.fromkeys(values):
            if value:
                doc.add_text(name, value)
    if days:
        doc.add_unsigned("first_day", days[0])
        doc.add_unsigned("last_day", days[1])


def fold(text: str) -> str:
    """Lower case without accents, for names typed on any keyboard."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))


def spellings(name: str) -> tuple[tuple[str, ...], ...]:
    """The folded words of a name, and those of it without its apostrophes where it has some: King's is typed kings."""
    without = _APOSTROPHE.sub("", name)
    written = (name, without) if without != name else (name,)
    return tuple(tuple(fold(word.text) for word in exact_words(each)) for each in written)


def _spaced(text: str) -> str:
    return " ".join(word.text for word in exact_words(text))


def _beginnings(names: tuple[str, ...]) -> str:
    words = {word for name in names for spelling in spellings(name) for word in spelling}
    return " ".join(sorted({word[:n] for word in words for n in range(1, min(len(word), _MAX_PREFIX) + 1)}))
