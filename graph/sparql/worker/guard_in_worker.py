"""The guard's verdict on a long query, given by a worker: a text made to be slow to read holds up no other.

`verdict` runs in the worker and is data; `believed` makes the guard's own objects and errors of it in the pool.
"""

from __future__ import annotations

import json
from typing import Any, Final

from graph.errors import QueryError, QueryRefused, QuerySyntax, QueryTooLarge
from graph.sparql.limits import Limits
from graph.sparql.syntax.errors import syntax_error
from graph.sparql.syntax.guard import Edit, Guarded, SearchClause, guard
from graph.sparql.syntax.lexer import Token

__all__ = ["believed", "verdict"]

_ERRORS: Final = {each.__name__: each for each in (QueryError, QueryRefused, QueryTooLarge)}


def verdict(text: str, settings: dict[str, Any]) -> bytes:
    """`settings` holds the caps of `Limits` on a text, `search`, and `said` where the engine refused the query."""
    limits = Limits(**settings["limits"])
    try:
        guarded = guard(text, limits, search=settings["search"])
        if settings.get("said"):
            raise syntax_error(settings["said"], guarded)
    except QueryError as error:
        return json.dumps(_complaint(error)).encode()
    return json.dumps({
        "form": guarded.form, "volatile": guarded.volatile, "edits": guarded.edits,
        "searches": [(each.start, each.end, each.body) for each in guarded.searches],
        # Only a search clause is read again in the pool.
        "tokens": guarded.tokens if guarded.searches else (),
    }).encode()  # fmt: skip


def _complaint(error: QueryError) -> dict[str, Any]:
    place = (error.line, error.column) if isinstance(error, QuerySyntax) else None
    return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy, "place": place}


def believed(text: str, body: bytes) -> Guarded:
    """The query as the guard saw it, or the guard's error. A worker's word on what may run is only ever taken by a
    worker: the fences hold without it."""
    try:
        said = json.loads(body)
        if "error" in said:
            raise _raised(said)
        searches = tuple(SearchClause(start, end, _tokens(inner)) for start, end, inner in said["searches"])
        edits = tuple(Edit(*each) for each in said["edits"])
        plain = Guarded(text, text, said["form"], _tokens(said["tokens"]), searches, volatile=said["volatile"])
    except (ValueError, KeyError, TypeError) as error:
        raise QueryError("The query worker gave a verdict that makes no sense.", "Report it.") from error
    return plain.edited(edits) if edits else plain


def _tokens(raw: list[Any]) -> tuple[Token, ...]:
    return tuple(Token(*each) for each in raw)


def _raised(said: dict[str, Any]) -> QueryError:
    if said["place"] is not None:
        line, column = said["place"]
        return QuerySyntax(said["message"], said["remedy"], line=line, column=column)
    return _ERRORS.get(said["error"], QueryError)(said["message"], said["remedy"])
