from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis.fingerprint import fingerprint as print_of
from search.analysis.fingerprint import is_same
from search.analysis.low_value_passages import is_furniture
from search.analysis.tokens import exact_words
from search.ranking.diversify import PER_DOCUMENT, spread

TEXT = (
    "The fund gives grants to small games companies in the north of the country, and asks each of them for a plan, "
    "two referees and the accounts of the last three years before it decides in the spring."
)


def fingerprint(text: str) -> int:
    return print_of([word.text for word in exact_words(text)])


OTHER = "A bridge over the estuary was opened on Monday by the mayor, who spoke of jobs, ferries and the tide."


def test_a_text_with_a_word_changed_is_the_same() -> None:
    assert fingerprint(TEXT) == fingerprint(TEXT.upper() + "!")
    assert is_same(fingerprint(TEXT), fingerprint(TEXT.replace("asks", "begs", 1)))
    assert is_same(fingerprint(TEXT * 5), fingerprint((TEXT * 5).replace("asks", "begs", 1)))
    assert not is_same(fingerprint(TEXT), fingerprint(OTHER))


def test_a_short_text_is_the_same_as_itself_only() -> None:
    assert is_same(fingerprint("Clockmaking came to Bath by canal."), fingerprint("Clockmaking came to Bath by canal"))
    assert not is_same(fingerprint("Clockmaking came to Bath by canal."), fingerprint("Basketry left Bath by rail."))
    assert fingerprint("") == 0 and not is_same(0, 0)


def test_texts_that_differ_in_a_figure_are_not_the_same() -> None:
    assert is_same(fingerprint(TEXT * 2), fingerprint((TEXT * 2).replace("two", "2")))
    told = TEXT + " It had £25 million in 2018."
    assert is_same(fingerprint(told), fingerprint(told.replace("£25 million", "£25m")))
    assert not is_same(fingerprint(told), fingerprint(told.replace("2018", "2019")))
    assert not is_same(fingerprint(told), fingerprint(told.replace("£25", "£250")))


@given(
    st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=1, max_size=60), st.randoms(use_true_random=False)
)
def test_texts_that_share_no_pair_of_words_are_not_the_same(words: list[str], random: Random) -> None:
    others = [f"x{word}" for word in words]
    random.shuffle(others)
    assert is_same(print_of(words), print_of(words))
    assert not is_same(print_of(words), print_of(others))


def test_contents_pages_and_reference_lists_are_furniture() -> None:
    contents = "\n".join(f"{n}. Chapter on something ........ {n * 7}" for n in range(1, 7))
    references = "\n".join(f"Writer, A. et al. ({1990 + n}) A title. Journal, pp. {n}-{n + 9}." for n in range(6))
    assert is_furniture(contents) and is_furniture(references)
    assert not is_furniture(TEXT)
    assert not is_furniture("\n".join(TEXT.split(", ") * 2))
    assert not is_furniture("")


@pytest.mark.timeout(60)
def test_lines_without_end_are_told_as_soon_as_others() -> None:
    for part in (". ", " ", "A. ", "1.", "Aa, A.", "a\t"):
        line = part * 200_000
        assert not is_furniture(f"{line}end\n{line}end", line)
        assert not is_furniture("A line of a text.\n" * 8, line)


def test_books_with_one_mark_each_are_a_reference_list() -> None:
    books = [f"van der {name}, K. and Eve, P. ({year}) A title. Bristol: Press." for name, year in
             (("Bell", 2013), ("Dunn", 2017), ("Hill", 2019), ("Gray", 2022))]  # fmt: skip
    assert is_furniture("\n\n".join(books))
    assert not is_furniture(books[0]), "one line may be anything"
    assert is_furniture(books[0], "A report > 7. References")
    assert not is_furniture(TEXT, "A report > References"), "a heading alone tells nothing"
    assert not is_furniture("\n".join(f"In {year} the fund paid more (Bell, 2013)." for year in range(2014, 2020)))


@given(
    documents=st.lists(st.integers(0, 3), max_size=40),
    texts=st.lists(st.integers(0, 3), min_size=40, max_size=40),
    scores=st.lists(st.floats(-1, 2, width=32), min_size=40, max_size=40),
)
def test_spreading_keeps_every_row_once_and_shares_the_first_places(
    documents: list[int], texts: list[int], scores: list[float]
) -> None:
    total = len(documents)
    prints = np.array([0, *map(fingerprint, (TEXT, OTHER, "A third."))], np.int64)[texts[:total]]
    falling = np.array(sorted(scores[:total], reverse=True), np.float32)
    rows, moved = spread(np.arange(total), np.array(documents, np.int64), prints, falling)
    assert sorted(rows.tolist()) == list(range(total))
    place = {row: at for at, row in enumerate(rows.tolist())}
    for row, like in moved.items():
        above = [other for other in range(total) if place[other] < place[row]]
        assert like is None or (place[like] < place[row] and prints[like] == prints[row])
        assert like is not None or sum(documents[other] == documents[row] for other in above) >= PER_DOCUMENT
        assert all(falling[other] >= 0.1499 * falling[row] for other in above if other > row)
    kept = [row for row in rows.tolist() if row not in moved]
    assert kept == sorted(kept)


def test_what_is_far_less_relevant_goes_before_nothing() -> None:
    prints = np.array([fingerprint(TEXT), fingerprint(TEXT), 0, 0], np.int64)
    documents = np.zeros(4, np.int64)
    rows, moved = spread(np.arange(4), documents, prints, np.array([1.0, 0.9, 0.5, 0.1], np.float32))
    assert rows.tolist() == [0, 2, 1, 3] and moved == {1: 0}
    rows, moved = spread(np.arange(4), documents, prints, np.array([1.0, 0.9, 0.1, 0.0], np.float32))
    assert rows.tolist() == [0, 1, 2, 3]
