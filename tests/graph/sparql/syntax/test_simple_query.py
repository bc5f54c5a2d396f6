"""guard_simple: clears nothing that the guard would refuse, and reads a query as the guard does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import QueryError, QuerySyntax
from graph.sparql.limits import Limits
from graph.sparql.syntax.guard import guard
from graph.sparql.syntax.simple_query import guard_simple
from tests.graph.sparql.syntax.test_guard import disguises

LIMITS = Limits(nesting=6, patterns=9)
PIECES = (
    "SELECT", "ask", "CONSTRUCT", "WHERE", "PREFIX", "a:", "<http://e/x#y>", "<u:service>", "SERVICE", "LOAD", "?x",
    "{", "}", ".", ";", ",", "*", "+", "/", "a", "a:b", ":c", '"text"', '"x"@en', "'", "\\", "(", ")", "#", "<", ">",
    "1", "!", "$y", "UNION", "OPTIONAL", "NOW", "LIMIT", "é", "\n",
)  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?o { <http://e/s> <http://e/p> ?o }",
        "select distinct ?s where { ?s a <http://e/C> ; <http://e/p> \"x\"@en , 'y' } limit 10".replace("'y'", '"y"'),
        "PREFIX e: <http://e/> SELECT ?o { e:s e:p+/e:q ?o . OPTIONAL { ?o a ?t } }",
        "ASK {}",
        "DESCRIBE <http://e/s>",
        "SELECT ?o { <http://e/services/upload> <http://e/p> ?o }",
    ],
)
def test_what_clients_send_is_guard_simple(query: str) -> None:
    simple, guarded = guard_simple(query, Limits()), guard(query, Limits())
    assert simple is not None
    assert (simple.form, simple.text, simple.volatile, simple.searches) == (
        guarded.form,
        guarded.text,
        guarded.volatile,
        (),
    )
    assert (simple.unordered, simple.uses_base) == (guarded.unordered, guarded.uses_base)


@pytest.mark.parametrize("query", disguises("http://127.0.0.1:9/"))
def test_no_disguise_is_guard_simple(query: str) -> None:
    assert guard_simple(query, Limits()) is None


def test_a_path_of_many_steps_is_not_simple() -> None:
    steps = "/".join(["a"] * 100)
    assert guard_simple(f"SELECT * {{ ?s {steps} ?o }}", Limits()) is not None
    assert guard_simple(f"SELECT * {{ ?s {steps}/{steps} ?o }}", Limits()) is None


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(["", " "]))
def test_a_simple_query_passes_the_guard_or_does_not_parse(pieces: list[str], between: str) -> None:
    query = between.join(["SELECT", " ", *pieces])
    simple = guard_simple(query, LIMITS)
    if simple is None:
        return
    try:
        guarded = guard(query, LIMITS)
    except QueryError as error:
        assert isinstance(error, QuerySyntax), query  # the engine says so too
        return
    # A word such as NOW is a call only with its brackets, and a text with these is not simple.
    assert (simple.form, simple.text, simple.volatile, guarded.searches) == (guarded.form, guarded.text, False, ())
