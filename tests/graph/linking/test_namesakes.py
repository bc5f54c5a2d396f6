"""Names that their neighbours show to be another place, or a person."""

from __future__ import annotations

import pytest

from graph.linking.namesakes import is_namesake
from graph.linking.normalise import words


@pytest.mark.parametrize(
    ("text", "name", "namesake"),
    [
        ("New York is large.", "York", True),
        ("Dr. Durham spoke.", "Durham", True),
        ("Then Mary Lincoln wrote.", "Lincoln", True),
        ("Perth, Australia, hosted.", "Perth", True),
        ("Newcastle, New South Wales.", "Newcastle", True),
        ("A new London studio.", "London", False),
        ("Leeds, York and Hull.", "York", False),
        ("Deal, Kent.", "Deal", False),
    ],
)
def test_neighbours_tell_namesakes(text: str, name: str, namesake: bool) -> None:
    tokens = words(text)
    first = [word.raw for word in tokens].index(name)
    assert is_namesake(tokens, first, first + 1) is namesake
