"""Near duplicates, low-value passages, and the diversity of the first page."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis.fingerprint import fingerprint as print_of
from search.analysis.fingerprint import is_near_duplicate
from search.analysis.low_value_passages import is_low_value
from search.analysis.tokens import exact_words
from search.ranking.diversify import MAX_RANKS_PER_DOCUMENT, diversify

TEXT = (
    "The fund gives grants to small games companies in the north of the country, and asks each of them for a plan, "
    "two referees and the accounts of the last three years before it decides in the spring."
)


def fingerprint(text: str) -> int:
    return print_of([word.text for word in exact_words(text)])


OTHER = "A bridge over the estuary was opened on Monday by the mayor, who spoke of jobs, ferries and the tide."


def test_a_text_with_a_changed_word_is_a_near_duplicate() -> None:
    assert fingerprint(TEXT) == fingerprint(TEXT.upper() + "!")
    assert is_near_duplicate(fingerprint(TEXT), fingerprint(TEXT.replace("asks", "begs", 1)))
    assert is_near_duplicate(fingerprint(TEXT * 5), fingerprint((TEXT * 5).replace("asks", "begs", 1)))
    assert not is_near_duplicate(fingerprint(TEXT), fingerprint(OTHER))


def test_a_short_text_is_a_duplicate_of_itself_only() -> None:
    assert is_near_duplicate(
        fingerprint("Clockmaking came to Bath by canal."), fingerprint("Clockmaking came to Bath by canal")
    )
    assert not is_near_duplicate(
        fingerprint("Clockmaking came to Bath by canal."), fingerprint("Basketry left Bath by rail.")
    )
    assert fingerprint("") == 0 and not is_near_duplicate(0, 0)


def test_texts_that_differ_in_a_figure_are_no_duplicates() -> None:
    assert is_near_duplicate(fingerprint(TEXT * 2), fingerprint((TEXT * 2).replace("two", "2")))
    dated = TEXT + " It had £25 million in 2018."
    assert is_near_duplicate(fingerprint(dated), fingerprint(dated.replace("£25 million", "£25m")))
    assert not is_near_duplicate(fingerprint(dated), fingerprint(dated.replace("2018", "2019")))
    assert not is_near_duplicate(fingerprint(dated), fingerprint(dated.replace("£25", "£250")))


@given(
    st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=1, max_size=60), st.randoms(use_true_random=False)
)
def test_texts_without_a_common_pair_of_words_are_no_duplicates(words: list[str], random: Random) -> None:
    others = [f"x{word}" for word in words]
    random.shuffle(others)
    assert is_near_duplicate(print_of(words), print_of(words))
    assert not is_near_duplicate(print_of(words), print_of(others))


def test_contents_pages_and_reference_lists_are_low_value() -> None:
    contents = "\n".join(f"{n}. Chapter on something ........ {n * 7}" for n in range(1, 7))
    references = "\n".join(f"Writer, A. et al. ({1990 + n}) A title. Journal, pp. {n}-{n + 9}." for n in range(6))
    assert is_low_value(contents) and is_low_value(references)
    assert not is_low_value(TEXT)
    assert not is_low_value("\n".join(TEXT.split(", ") * 2))
    assert not is_low_value("")


@pytest.mark.timeout(60)
def test_endless_lines_take_no_longer_than_others() -> None:
    for part in (". ", " ", "A. ", "1.", "Aa, A.", "a\t"):
        line = part * 200_000
        assert not is_low_value(f"{line}end\n{line}end", line)
        assert not is_low_value("A line of a text.\n" * 8, line)


def test_books_with_one_mark_each_are_a_reference_list() -> None:
    books = [f"van der {name}, K. and Eve, P. ({year}) A title. Bristol: Press." for name, year in
             (("Bell", 2013), ("Dunn", 2017), ("Hill", 2019), ("Gray", 2022))]  # fmt: skip
    assert is_low_value("\n\n".join(books))
    assert not is_low_value(books[0]), "one line may be anything"
    assert is_low_value(books[0], "A report > 7. References")
    assert not is_low_value(TEXT, "A report > References"), "a heading alone tells nothing"
    assert not is_low_value("\n".join(f"In {year} the fund paid more (Bell, 2013)." for year in range(2014, 2020)))


@given(
    documents=st.lists(st.integers(0, 3), max_size=40),
    texts=st.lists(st.integers(0, 3), min_size=40, max_size=40),
    scores=st.lists(st.floats(-1, 2, width=32), min_size=40, max_size=40),
)
def test_every_row_stays_once_and_the_first_ranks_are_shared(
    documents: list[int], texts: list[int], scores: list[float]
) -> None:
    total = len(documents)
    prints = np.array([0, *map(fingerprint, (TEXT, OTHER, "A third."))], np.int64)[texts[:total]]
    falling = np.array(sorted(scores[:total], reverse=True), np.float32)
    rows, demoted = diversify(
        np.arange(total), documents=np.array(documents, np.int64), fingerprints=prints, scores=falling
    )
    assert sorted(rows.tolist()) == list(range(total))
    place = {row: at for at, row in enumerate(rows.tolist())}
    for row, like in demoted.items():
        above = [other for other in range(total) if place[other] < place[row]]
        assert like is None or (place[like] < place[row] and prints[like] == prints[row])
        assert like is not None or sum(documents[other] == documents[row] for other in above) >= MAX_RANKS_PER_DOCUMENT
        assert all(falling[other] >= 0.1499 * falling[row] for other in above if other > row)
    others = [row for row in rows.tolist() if row not in demoted]
    assert others == sorted(others)


@pytest.mark.parametrize(
    ("scores", "order", "reasons"),
    [([1.0, 0.9, 0.5, 0.1], [0, 2, 1, 3], {1: 0}), ([1.0, 0.9, 0.1, 0.0], [0, 1, 2, 3], {1: 0})],
)
def test_a_far_less_relevant_row_overtakes_none(scores: list[float], order: list[int], reasons: dict[int, int]) -> None:
    rows, demoted = diversify(
        np.arange(4),
        documents=np.zeros(4, np.int64),
        fingerprints=np.array([fingerprint(TEXT), fingerprint(TEXT), 0, 0], np.int64),
        scores=np.array(scores, np.float32),
    )
    assert rows.tolist() == order and demoted == reasons
