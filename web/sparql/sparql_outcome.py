"""What a request carries from the short way to the application: the query was run already."""

from __future__ import annotations

from typing import Final

__all__ = ["OUTCOME"]

OUTCOME: Final = "creative_atlas.sparql_outcome"
"""The key of a request's environment under which the application finds the error or the result of the query."""
