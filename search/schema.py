"""The lexical index's fields and tokenisers, and how a unit becomes a document of it.

| field | holds | words |
|---|---|---|
| title | the title with the aliases | letters and digits, lower case, no accents, stemmed |
| text | title, aliases, heading and text in one, which BM25 ranks better by | the same |
| exact | the same once more, for phrases, amounts and short names | `search.words` |
| prefix | beginnings of the words of names, for completion | every beginning of each word |
| iri, slot | who it is: deletes go by `iri`, the dense index by `slot` | as they are |
| filters | see FILTER_FIELDS, and `first_day`, `last_day` as yyyymmdd | as they are |
| work, print, furniture | numbers for the layout of a page: see `search.pages` | – |
| unit | the unit as JSON and the hash of what was encoded, stored only | – |

FORMAT rises with every change that makes an old index wrong.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from search import pages
from search.dates import day_range
from search.types import Unit
from search.words import exact_words

if TYPE_CHECKING:
    import tantivy

__all__ = [
    "FILTER_FIELDS",
    "FORMAT",
    "LAYOUT_FIELDS",
    "TEXT_FIELDS",
    "analyser",
    "build_schema",
    "document",
    "fold",
    "register",
]

FORMAT: Final = 2

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

LAYOUT_FIELDS: Final = ("work", "print", "furniture")
"""Of which document the unit is, what its text is like (both 0 = none), and whether it is a contents page or such."""

_MAX_WORD = 60  # bytes; longer runs are no words that anyone types
_MAX_PREFIX = 16
_BREAK = " | "  # stands between the parts of the exact field: no phrase contains it


def build_schema() -> tantivy.Schema:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("iri", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("slot", indexed=True, fast=True)
    builder.add_bytes_field("unit", stored=True)
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="stemmed", index_option="freq")
    builder.add_text_field("exact", tokenizer_name="spaced", index_option="position")
    builder.add_text_field("prefix", tokenizer_name="spaced", index_option="freq")
    for name in FILTER_FIELDS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    for name in ("first_day", "last_day", *LAYOUT_FIELDS):
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


def document(unit: Unit, slot: int, stored: bytes) -> tantivy.Document:
    """The document of `unit`; `stored` is what `lexical.Stored` reads back."""
    import tantivy

    doc = tantivy.Document()
    doc.add_text("iri", unit.iri)
    doc.add_unsigned("slot", slot)
    doc.add_bytes("unit", stored)
    names = "\n".join((unit.title, *unit.aliases))
    parts = [part for part in (names, unit.heading, unit.text) if part]
    doc.add_text("title", unicodedata.normalize("NFC", names))
    doc.add_text("text", unicodedata.normalize("NFC", "\n".join(parts)))
    doc.add_text("exact", _BREAK.join(_spaced(part) for part in parts))
    if unit.kind == "entity":
        doc.add_text("prefix", _beginnings((unit.title, *unit.aliases)))
    _add_filters(doc, unit)
    doc.add_unsigned("work", pages.key(unit.document) if unit.document else 0)
    doc.add_unsigned("print", pages.fingerprint(unit.text) if unit.kind == "passage" else 0)
    doc.add_unsigned("furniture", int(pages.is_furniture(unit.text)))
    return doc


def _add_filters(doc: tantivy.Document, unit: Unit) -> None:
    days = day_range(unit.date) if unit.date else None
    about = (unit.iri,) if unit.kind == "entity" else ()
    held: dict[str, tuple[str | None, ...]] = {
        "kind": (unit.kind,),
        "type": unit.types,
        "theme": unit.themes,
        "place": unit.places,
        "organisation": unit.organisations,
        "programme": unit.programmes,
        "publisher": (unit.publisher,),
        "reliability": (unit.reliability,),
        "collection": (unit.collection,),
        "document": (unit.document,),
        "entity": (*about, *unit.entities),
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


def _spaced(text: str) -> str:
    return " ".join(word.text for word in exact_words(text))


def _beginnings(names: tuple[str, ...]) -> str:
    words = {fold(word.text) for name in names for word in exact_words(name)}
    return " ".join(sorted({word[:n] for word in words for n in range(1, min(len(word), _MAX_PREFIX) + 1)}))
