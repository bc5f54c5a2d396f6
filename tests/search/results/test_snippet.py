"""Snippets: the window that is shown, and the words that are marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from search.index.stemmer import Stems
from search.query.lexical_query import LexicalQuery, lexical_query
from search.query.parser import parse
from search.results.snippet import MAX_SNIPPET_CHARS, make_snippet
from search.types import Filters, Snippet

STEMS = Stems()


def query(text: str) -> LexicalQuery:
    return lexical_query(parse(text), Filters(), STEMS)


def snippet(text: str, words: str) -> Snippet:
    return make_snippet(text, query(words), STEMS, lambda word: 1.0)


def marked(excerpt: Snippet) -> list[str]:
    return [excerpt.text[start:end] for start, end in excerpt.highlights]


def test_pounds_and_emoji_do_not_shift_the_marks() -> None:
    excerpt = snippet("🎮🎮 £££ «Fünf» Llŷn’s funds: £25 million — funding 🎮 of R&D", "funding llyn £25 million R&D")
    assert marked(excerpt) == ["Llŷn", "funds", "£25 million", "funding", "R&D"]


def test_function_words_are_not_marked() -> None:
    assert marked(snippet("Access to the finance of the firm", "access to the finance")) == ["Access", "finance"]


def test_the_window_goes_where_most_words_are() -> None:
    text = (
        "Finance came first. "
        + "Nothing here matters much. " * 40
        + "Later, access to finance was hard. "
        + "End. " * 80
    )
    excerpt = snippet(text, "access to finance")
    assert marked(excerpt) == ["access", "finance"]
    assert excerpt.text == text[excerpt.start : excerpt.start + len(excerpt.text)]
    assert excerpt.cut == (True, True) and excerpt.text.startswith("Later")


def test_a_text_without_the_words_shows_its_beginning() -> None:
    excerpt = snippet("Short sentence. " * 50, "volcano")
    assert excerpt.start == 0 and excerpt.highlights == () and excerpt.text.startswith("Short")


def test_a_phrase_is_marked_as_a_whole() -> None:
    assert "Scale-Up pilot" in marked(snippet("The Scale-Up pilot", '"scale up pilot"'))


@given(
    st.lists(st.sampled_from(["finance", "Access", "£25 million", "🎮", "ŵ", ". ", " ", "\n", "x" * 30]), max_size=120)
)
def test_every_snippet_is_a_piece_of_the_text(parts: list[str]) -> None:
    text = " ".join(parts)
    excerpt = snippet(text, "access finance £25 million")
    assert (
        excerpt.text == text[excerpt.start : excerpt.start + len(excerpt.text)]
        and len(excerpt.text) <= MAX_SNIPPET_CHARS
    )
    for words in marked(excerpt):
        assert words.strip() and not words.startswith(" ")
    if {"finance", "Access", "£25 million"} & set(parts):
        assert excerpt.highlights
