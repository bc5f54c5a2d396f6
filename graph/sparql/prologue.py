"""Help with the prologue of a query, for people who type one: well-known prefixes need not be declared.

The protocol endpoint never does this: a client that gets an error there gets it everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from graph.errors import QuerySyntax
from graph.sparql.lexer import Token, tokenise
from graph.vocabulary import PREFIXES

__all__ = ["declared_prefixes", "with_prefixes"]


def declared_prefixes(tokens: list[Token]) -> set[str]:
    """The prefixes that the text declares, without their colons."""
    return {
        token.text[:-1]
        for before, token in pairwise(tokens)
        if token.kind == "pname" and before.kind == "word" and before.text.upper() == "PREFIX"
    }


def with_prefixes(query: str, known: Mapping[str, str] = PREFIXES) -> str:
    """The query with a PREFIX line before it for each known prefix that it uses and does not declare.

    The line numbers of errors grow by the lines added. Text that cannot be cut into tokens comes back as it is.
    """
    try:
        tokens = tokenise(query)
    except QuerySyntax:
        return query
    used = {token.text.partition(":")[0] for token in tokens if token.kind == "pname"}
    missing = sorted((used - declared_prefixes(tokens)) & known.keys())
    return "".join(f"PREFIX {prefix}: <{known[prefix]}>\n" for prefix in missing) + query
