"""Errors of the engine, which is asked here, error_place at the place in the client's text."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.sparql.limits import Limits
from graph.sparql.syntax.errors import is_clients_fault, syntax_error
from graph.sparql.syntax.guard import guard


def error_place(text: str) -> tuple[int, int, str]:
    """Line, column and words of the error for a query that the engine does not parse."""
    guarded = guard(text, Limits())
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(guarded.text)
    error = syntax_error(str(caught.value), guarded)
    place = f"Line {error.line}, column {error.column}: "
    assert str(error).startswith(place)
    return error.line, error.column, str(error).removeprefix(place)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("SELECT *\n{ ?s ?p ?o FILTR(?o) }", 2, 12, "SPARQL has no word ‘FILTR’."),
        ("SELECT * { " + "x" * 40 + " }", 1, 12, f"SPARQL has no word ‘{'x' * 40}’."),
        ("SELECT * { " + "x" * 41 + " }", 1, 12, f"SPARQL has no word ‘{'x' * 39}…’."),
        ("SELECT * { ?s ?p . }", 1, 20, "Unexpected ‘}’."),
        ("SELECT * { ?s ?p ?o", 1, 19, "The query ends too early; perhaps a bracket is not closed."),
        ("SELECT * { ?s <http://a/%zz> ?o }", 1, 15, "This IRI is not valid; a relative one needs a BASE."),
        ("SELECT * { { ?s ?p }", 1, 20, "The query ends too early; perhaps a bracket is not closed."),
    ],
)
def test_errors_are_told_at_their_place(text: str, line: int, column: int, words: str) -> None:
    assert error_place(text) == (line, column, words)


@pytest.mark.parametrize("message", ["something else", "an error at 1:1"])
def test_a_message_without_a_place_is_given_as_it_is(message: str) -> None:
    error = syntax_error(message, guard("ASK {}", Limits()))
    assert (error.line, error.column) == (1, 1)
    assert str(error) == f"The query is not valid SPARQL: {message}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("The graph <u:g> already exists", True),
        ("The graph <u:g> does not exist", True),
        ("The service <u:s> is not supported", True),
        ("The variable encoding the service name is unbound", True),
        ("Invalid base IRI x", True),
        ("IO error: the graph <u:g> already exists", False),
        ("", False),
    ],
)
def test_whose_fault_a_message_tells_of(message: str, expected: bool) -> None:
    assert is_clients_fault(message) is expected
