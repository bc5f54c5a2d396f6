"""What counts as nesting, as a joint and as a triple pattern, and that each cap allows as much as it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph.errors import QueryRefused, QuerySyntax
from graph.sparql.limits import Limits
from graph.sparql.syntax.complexity import check_shape, depth_of, joints_in, patterns_in
from graph.sparql.syntax.lexer import tokenise


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("", 0),
        ("ASK", 0),
        ("{}", 1),
        ("{} {}", 1),
        ("{ ( [ ] ) }", 3),
        ("{ [ ] ( ) }", 2),
        ("( !!true )", 3),
        ("( !true && !true )", 2),
        ("( ! (1) )", 2),
        ("( - - + ^ ! 1 )", 6),
        ("( - * - 1 )", 2),
        ("- - -", 3),
    ],
)
def test_depth(text: str, depth: int) -> None:
    assert depth_of(tokenise(text), text) == depth


@pytest.mark.parametrize(
    ("text", "line", "column"), [(")", 1, 1), ("{\n ]", 2, 2), ("( { ) }", 1, 5), ("{} }", 1, 4), ("[ }", 1, 3)]
)
def test_crossed_brackets_are_an_error_at_their_place(text: str, line: int, column: int) -> None:
    with pytest.raises(QuerySyntax, match=f"Line {line}, column {column}: .* closes nothing") as caught:
        depth_of(tokenise(text), text)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "joints"),
    [
        ("{ ?s ?p ?o }", 0),
        ("{ {} UNION {} union {} }", 2),
        ("{ {} MINUS {} GRAPH ?g {} }", 2),
        ("SELECT (1 AS ?a) {}", 2),
        ("{ FILTER(?a + ?b - ?c * ?d / ?e) }", 4),
        ("{ FILTER(?a || ?b && ?c) }", 2),
        ("{ FILTER(?a = ?b) }", 0),
        ("{ ?s a/b:c/b:d ?o }", 2),
        ("{ ?s b:c* ?o . ?s b:c+ ?o }", 0),
        ("VALUES ?a { 1 } { {} UNION {} }", 1),
        ("values ?a { UNION / ( UNION / ) } UNION", 1),
        ("VALUES (?a ?b) { (1 2) } { FILTER(1 + 1) }", 1),
        ("INSERT DATA { GRAPH <u:g> { <u:a> <u:b> - } } ; DELETE { GRAPH ?g {} }", 1),
        ("} ) ] UNION {} UNION", 2),
        ("{ } ) ( 1 + 1 )", 1),
        ("union", 1),
        ("a / a", 1),
        ("a + a", 0),
    ],
)
def test_joints(text: str, joints: int) -> None:
    assert joints_in(tokenise(text)) == joints


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("", 0),
        ("?s ?p ?o", 0),
        ("{ ?s ?p }", 0),
        ("{ ?s ?p ?o }", 1),
        ("{ ?s ?p ?o . }", 1),
        ("{ ?s a true . <u:a> b:c 'd' . _:e ?p 1 }", 3),
        ("{ ?s ?p ?o ; ?q ?r ; }", 2),
        ("{ ?s ?p ?o , ?q , ?r }", 3),
        ("{ ?s ?p ?o , ?q ; ?p ?r . ?a ?b ?c }", 4),
        ("{ ?s ?p ?o } { ?s ?p ?o }", 2),
        ("{ { ?s ?p } ?o ?q ?r }", 1),
        ("{ ?s ?p { ?a } ?o }", 0),
        ("{ ?s ?p OPTIONAL ?o ?q }", 0),
        ("{ [ ?p ?o ] }", 1),
        ("{ [ ?p ?o ; ?q ?r ] ?a ?b }", 3),
        ("{ [ ?p ?o . ?q ?r ] }", 2),
        ("{ ?s ?p [ ?q ?r ] }", 2),
        ("{ ?s ?p (1 2 3) }", 5),
        ("{ ?s ?p (1 , 2 3) }", 3),
        ("{ ?s b:c/b:d ?o }", 2),
        ("{ ?s b:c|b:d ?o }", 1),
        ("{ ?s ^b:c ?o }", 1),
        ("{ ?s b:c/^b:d/b:e ?o }", 3),
        ("{ ?s (b:c/b:d)/b:e ?o }", 3),
        ("{ ?s ((b:c/b:d)) ?o }", 2),
        ("{ [ (b:c/b:d) ?o ] }", 2),
        ("{ FILTER(?a / ?b) }", 0),
        ("VALUES ?a { 1 2 3 4 } { ?s ?p ?o }", 1),
        ("VALUES (?a ?b) { (1 2) (3 4) } { ?s ?p ?o }", 3),
        ("INSERT DATA { <u:a> <u:b> 1 . GRAPH <u:g> { <u:a> <u:b> 1 / 2 } } ; DELETE { ?s ?p ?o } WHERE {}", 1),
        ("} ?s ?p ?o { ?s ?p ?o }", 1),
    ],
)
def test_patterns(text: str, patterns: int) -> None:
    assert patterns_in(tokenise(text)) == patterns


@pytest.mark.parametrize(
    ("cap", "text", "says"),
    [
        ("nesting", "{ ( [ ] ) }", "nested 3 deep; 2 is"),
        ("joints", "{ {} UNION {} UNION {} UNION {} }", "joins 3 parts .*; 2 are"),
        ("patterns", "{ ?s ?p 1, 2, 3 }", "about 3 triple patterns; 2 are"),
    ],
)
def test_a_cap_allows_as_much_as_it_says(cap: str, text: str, says: str) -> None:
    tokens = tokenise(text)
    check_shape(tokens, text, replace(Limits(), **{cap: 3}))
    with pytest.raises(QueryRefused, match=says) as caught:
        check_shape(tokens, text, replace(Limits(), **{cap: 2}))
    assert caught.value.remedy
