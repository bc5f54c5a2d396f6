from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.pages import FIRST, PER_DOCUMENT, is_furniture, spread
from search.pages import fingerprint as print_of
from search.words import exact_words

TEXT = (
    "The fund gives grants to small games companies in the north of the country, and asks each of them for a plan, "
    "two referees and the accounts of the last three years before it decides in the spring."
)


def fingerprint(text: str) -> int:
    return print_of([word.text for word in exact_words(text)])


def test_a_text_with_a_word_changed_has_nearly_the_same_fingerprint() -> None:
    other = "A bridge over the estuary was opened on Monday by the mayor, who spoke of jobs, ferries and the tide."
    assert (fingerprint(TEXT) ^ fingerprint(TEXT.upper() + "!")) == 0
    assert (fingerprint(TEXT * 5) ^ fingerprint((TEXT * 5).replace("asks", "begs", 1))).bit_count() <= 6
    assert (fingerprint(TEXT) ^ fingerprint(other)).bit_count() > 15
    assert fingerprint("too short to tell") == 0


def test_contents_pages_and_reference_lists_are_furniture() -> None:
    contents = "\n".join(f"{n}. Chapter on something ........ {n * 7}" for n in range(1, 7))
    references = "\n".join(f"Writer, A. et al. ({1990 + n}) A title. Journal, pp. {n}-{n + 9}." for n in range(6))
    assert is_furniture(contents) and is_furniture(references)
    assert not is_furniture(TEXT)
    assert not is_furniture("\n".join(TEXT.split(", ") * 2))
    assert not is_furniture("")


@given(
    documents=st.lists(st.integers(0, 3), max_size=40),
    prints=st.lists(st.integers(0, 3), min_size=40, max_size=40),
)
def test_spreading_keeps_every_row_once_and_shares_the_first_places(documents: list[int], prints: list[int]) -> None:
    far = np.array([0, 0x5555_5555_5555, 0x7FFF_0000_FFFF_0000, 0x0F0F_0F0F_0F0F], np.int64)[prints[: len(documents)]]
    rows = spread(np.arange(len(documents)), np.array(documents, np.int64), far)
    assert sorted(rows.tolist()) == list(range(len(documents)))
    if len({d for d in documents if d}) and not far.any():
        counts = [documents[row] for row in rows[:FIRST] if documents[row]]
        others = [row for row in rows[FIRST:] if documents[row] == 0 or counts.count(documents[row]) < PER_DOCUMENT]
        assert not others or len(counts) <= FIRST
