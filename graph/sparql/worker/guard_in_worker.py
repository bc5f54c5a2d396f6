"""Guard verdict on a long query, computed in a worker: a text that is slow to read delays no other query.

`verdict` runs in the worker and returns data. `read_verdict` runs in the pool and turns the data into the guard's own
objects and errors.
"""

from __future__ import annotations

import json
from typing import Any, Final

from graph.errors import QueryError, QueryFailed, QueryRefused, QuerySyntax, QueryTooLarge
from graph.sparql.limits import Limits
from graph.sparql.syntax.errors import syntax_error
from graph.sparql.syntax.guard import Edit, Guarded, SearchClause, guard
from graph.sparql.syntax.lexer import Token
from graph.sparql.syntax.query_shape import uses_base

__all__ = ["read_verdict", "verdict"]

_ERRORS: Final = {error.__name__: error for error in (QueryError, QueryRefused, QueryTooLarge)}


def verdict(text: str, settings: dict[str, Any]) -> bytes:
    """The guard's verdict as JSON. `settings` holds the `limits` on a text, `search` (whether search clauses are
    answered) and `engine_message`, empty unless the engine rejected the query."""
    limits = Limits(**settings["limits"])
    try:
        guarded = guard(text, limits, search=settings["search"])
        if settings["engine_message"]:
            raise syntax_error(settings["engine_message"], guarded)
    except QueryError as error:
        return json.dumps(_error_fields(error)).encode()
    return json.dumps(
        {
            "form": guarded.form,
            "volatile": guarded.volatile,
            "warnings": guarded.warnings,
            "edits": guarded.edits,
            "searches": [(clause.start, clause.end, clause.body) for clause in guarded.searches],
            # The pool needs the tokens only to read a search clause.
            "tokens": guarded.tokens if guarded.searches else (),
        }
    ).encode()


def _error_fields(error: QueryError) -> dict[str, Any]:
    place = (error.line, error.column) if isinstance(error, QuerySyntax) else None
    return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy, "place": place}


def read_verdict(text: str, body: bytes) -> Guarded:
    """The guarded query, or the guard's error raised.

    A worker that was taken over could lie here, which gains nothing: the query only ever runs in a worker, and the
    sandbox around it does not rely on the guard.
    """
    try:
        fields = json.loads(body)
        if "error" in fields:
            raise _error(fields)
        guarded = Guarded(
            text,
            text,
            fields["form"],
            tokens=_tokens(fields["tokens"]),
            searches=tuple(SearchClause(start, end, _tokens(inner)) for start, end, inner in fields["searches"]),
            volatile=fields["volatile"],
            uses_base=uses_base(text),
            warnings=tuple(map(str, fields["warnings"])),
        )
        edits = tuple(Edit(start, end, edit) for start, end, edit in fields["edits"])
    except (ValueError, KeyError, TypeError) as error:
        raise QueryFailed("The query worker gave a verdict that makes no sense.", "Report it.") from error
    return guarded.edited(edits) if edits else guarded


def _tokens(rows: list[Any]) -> tuple[Token, ...]:
    return tuple(Token(kind, text, start) for kind, text, start in rows)


def _error(fields: dict[str, Any]) -> QueryError:
    if fields["place"] is not None:
        line, column = fields["place"]
        return QuerySyntax(fields["message"], fields["remedy"], line=line, column=column)
    return _ERRORS.get(fields["error"], QueryError)(fields["message"], fields["remedy"])
