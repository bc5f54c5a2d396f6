"""Namesakes: a one-word name that its neighbours show to be another place, or a person ("New York", "Mr Kent")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graph.linking.normalise import Word

__all__ = ["is_namesake"]

_NEW: Final = frozenset({"new", "nova"})
_TITLES: Final = frozenset(
    {
        "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lady", "lord", "baroness",
        "baron", "rev", "captain",
    }
)  # fmt: skip
_GIVEN_NAMES: Final = frozenset(
    {
        "jack", "john", "james", "david", "michael", "peter", "paul", "simon", "mark", "andrew", "robert",
        "william", "george", "charles", "thomas", "henry", "edward", "susan", "mary", "anne", "anna", "jane",
        "sarah", "emma", "julie", "kate", "laura", "helen", "elizabeth", "margaret", "richard", "brian", "alan",
        "martin",
    }
)  # fmt: skip
_ABROAD: Final = frozenset(
    {
        "alabama", "alaska", "arizona", "arkansas", "california", "colorado", "connecticut", "delaware",
        "florida", "hawaii", "idaho", "illinois", "indiana", "iowa", "kansas", "kentucky", "louisiana", "maine",
        "maryland", "massachusetts", "michigan", "minnesota", "mississippi", "missouri", "montana", "nebraska",
        "nevada", "ohio", "oklahoma", "oregon", "pennsylvania", "tennessee", "texas", "utah", "vermont",
        "virginia", "wisconsin", "wyoming", "ontario", "quebec", "manitoba", "saskatchewan", "alberta",
        "canada", "usa", "australia", "victoria", "queensland", "tasmania", "jamaica",
    }
)  # fmt: skip
_TWO_WORDS: Final = frozenset(
    {"new south", "new jersey", "new york", "new hampshire", "new mexico", "new zealand", "south africa", "nova scotia",
     "north carolina", "south carolina", "west virginia", "rhode island", "british columbia", "united states"}
)  # fmt: skip


def is_namesake(tokens: Sequence[Word], first: int, last: int) -> bool:
    """Whether the one-word name at `first` is part of another name, or lies in another country."""
    if last - first != 1:
        return False
    before = [word for word in tokens[max(0, first - 2) : first] if word.norm != "."]
    if before and before[-1].raw[0].isupper() and before[-1].norm in _NEW | _TITLES | _GIVEN_NAMES:
        return True
    after = [word.norm for word in tokens[last : last + 3]]
    return len(after) > 1 and after[0] == "," and (after[1] in _ABROAD or " ".join(after[1:]) in _TWO_WORDS)
