"""The stemmer finds the words of a text that have given stems."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from search.index.schema import analyser
from search.index.stemmer import Stems

STEMS = Stems()
TEXT = "Funding, funds and Fünf: Tŵr Llŷn’s twr; under_score 2018 films 🎮 filming"


@given(st.text(alphabet="aAéŷ bfilmsg's-.,_2£🎮\n", max_size=80))
def test_it_matches_the_words_that_tantivy_matches(text: str) -> None:
    expected = [
        (token.char_offset_from, token.char_offset_to, token.text) for token in analyser().pre_tokenize(text).tokens
    ]
    stems = frozenset(stem for _, _, stem in expected[::2])
    assert STEMS.matching(text, stems) == [match for match in expected if match[2] in stems]


def test_accents_and_endings() -> None:
    matches = [TEXT[start:end] for start, end, _ in STEMS.matching(TEXT, frozenset({"fund", "twr", "film"}))]
    assert matches == ["Funding", "funds", "Tŵr", "twr", "films", "filming"]
    assert STEMS.matching(TEXT, frozenset()) == []


def test_many_threads_at_once() -> None:
    texts = [f"word{number} funding films" for number in range(2_000)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(STEMS.of, texts)) == [[f"word{number}", "fund", "film"] for number in range(2_000)]
