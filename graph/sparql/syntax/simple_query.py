"""A plain query at a glance: most queries need no lexer to be cleared.

What makes a query dangerous to clear is that its text can be read in two ways (see `graph.sparql.syntax.guard`). A text
in which "service" and "load" do not occur at all, in no reading, and no backslash that could write them otherwise, can
reach nothing; and where so few brackets, signs and separators stand in it that no reading makes it too deep or too
large, the guard would let it pass too. Without parentheses there is no function either that answers differently each
time. One pattern and a few counts say so, in a tenth of the lexer's time. All other texts go to the guard.
"""

from __future__ import annotations

import re
from typing import Final

from graph.sparql.limits import Limits
from graph.sparql.syntax.guard import Guarded
from graph.sparql.syntax.query_shape import is_unordered, look_up_in, uses_base

__all__ = ["guard_simple"]

_LONGEST: Final = 2048
_IRI: Final = r"""<[^\x00-\x20<>"{}|^`\\'#]++(?:\#[^\x00-\x20<>"{}|^`\\'#]*+)?>"""
_PREFIX: Final = rf"\s*+(?i:PREFIX)\s++[A-Za-z0-9_-]*+:\s*+{_IRI}"
_NAMED: Final = r"[A-Za-z0-9_-]++(?::[A-Za-z0-9_-]*+)?|:[A-Za-z0-9_-]*+"
_STRING: Final = r"""\"[^"\\\r\n'#]*+"(?:@[A-Za-z-]++)?"""
_PART: Final = rf"[\s{{}}.;,*+/]++|[?$][A-Za-z_0-9]++|{_IRI}|{_NAMED}|{_STRING}"
_FLAT: Final = r"""[\s{}.;,*+/?$A-Za-z0-9_:<>"@#%=&~-]"""
"""Of these characters alone nothing can be made that is nested, but for braces and signs, and quoted triples."""

_PLAIN: Final = re.compile(
    rf"(?:{_PREFIX})*+\s*+(?P<form>(?i:SELECT|ASK|CONSTRUCT|DESCRIBE))(?![A-Za-z_0-9:-])"
    rf"(?:{_FLAT}++(?P<flat>\Z)|(?:{_PART})++)"
)


def guard_simple(text: str, limits: Limits) -> Guarded | None:
    """The query, cleared to run, without its tokens; None where the guard has to look at it."""
    if len(text) > min(_LONGEST, limits.text_bytes, limits.tokens):
        return None
    look_up = look_up_in(text)
    if look_up is not None:
        return Guarded(text, text, "SELECT", (), look_up=look_up, unordered=True, uses_base=False)
    found = _PLAIN.fullmatch(text)
    if found is None:
        return None
    lowered = text.lower()
    if "service" in lowered or "load" in lowered:
        return None
    if found["flat"] is not None and "<<" in text:
        return None
    opened = text.count("{")
    if opened != text.count("}") or opened + text.count("+") > limits.nesting:
        return None
    # Each statement, `;`, `,` and step of a path stands for one triple pattern at most; a bracket or a word ends a
    # statement.
    if sum(map(text.count, ".;,/")) + 2 * opened + 1 > limits.patterns:
        return None
    form = found["form"].upper()
    unordered = form in ("SELECT", "ASK") and is_unordered(lowered)
    return Guarded(text, text, form, (), unordered=unordered, uses_base=uses_base(text))  # type: ignore[arg-type]  # one of the forms
