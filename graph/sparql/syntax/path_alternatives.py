"""Alternatives in property paths: where the engine answers fewer rows than SPARQL says.

`?x <p>|<q> ?y` is a union (SPARQL 1.1 §18.2.2.4): a pair that both lead to counts twice. The engine answers each pair
once. That changes nothing for ASK, CONSTRUCT and DISTINCT, and inside `*`, `+` and `?`, which count no pair twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graph.sparql.syntax.lexer import Token

__all__ = ["loses_rows"]

_COUNTING: Final = frozenset({"COUNT", "SUM", "AVG", "GROUP_CONCAT"})
_DISTINCT: Final = frozenset({"DISTINCT", "REDUCED"})


@dataclass(slots=True)
class _Bracket:
    """An open bracket. `negated`: of a negated property set, whose inverse members are alternatives to the others."""

    opening: str
    negated: bool = False
    inverse: bool = False
    alternatives: bool = False


def loses_rows(tokens: Sequence[Token]) -> bool:
    """Whether the query may have fewer rows, or lower counts, for an alternative in a path.

    >>> loses_rows(tokenise("SELECT * { ?x <u:p>|<u:q> ?y }")), loses_rows(tokenise("ASK { ?x <u:p>|<u:q> ?y }"))
    (True, False)
    """
    return any(token.text == "|" for token in tokens) and _counts_rows(tokens) and _has_alternatives(tokens)


def _counts_rows(tokens: Sequence[Token]) -> bool:
    words = [token.text.upper() if token.kind == "word" else "" for token in tokens]
    selects = [following for word, following in zip(words, [*words[1:], ""], strict=True) if word == "SELECT"]
    return bool(selects) and (not _DISTINCT.issuperset(selects) or not _COUNTING.isdisjoint(words))


def _has_alternatives(tokens: Sequence[Token]) -> bool:
    """Whether there is an alternative that no `*`, `+` or `?` encloses."""
    texts = [token.text if token.kind == "punct" else "" for token in tokens]
    opened = [_Bracket("")]
    for text, before, after in zip(texts, ["", *texts], [*texts[1:], ""], strict=False):
        if text in ("(", "{", "["):
            opened.append(_Bracket(text, negated=before == "!"))
        elif text in (")", "}", "]") and len(opened) > 1:
            closed = opened.pop()
            if closed.alternatives and (closed.inverse or not closed.negated) and after not in ("*", "+", "?"):
                opened[-1].alternatives = True
        elif text == "|" and before != "{" and after != "}":  # {| and |} enclose annotations
            opened[-1].alternatives = True
        elif text == "^":
            opened[-1].inverse = True
    return opened[0].alternatives
