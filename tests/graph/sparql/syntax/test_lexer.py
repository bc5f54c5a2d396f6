"""The lexer: what it cuts, that it never crashes, and that it loses nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import QuerySyntax
from graph.sparql.syntax.lexer import decoded, position, tokenise

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")

LETTERS = st.sampled_from("abzAZéßçñλдщ名前")
NAMES = st.text(LETTERS, min_size=1, max_size=6)
IRIS = st.text(st.sampled_from("abz:/#?&=%.-_~'()*é名"), max_size=12).map(lambda text: f"<{text}>")
SHORT = st.text(st.sampled_from("ab é£#<>{}.🎭\t"), max_size=10)
STRINGS = st.one_of(
    SHORT.map(lambda text: f'"{text}"'),
    SHORT.map(lambda text: f"'{text}'"),
    SHORT.map(lambda text: f'"""{text}\n{text}"""'),
    SHORT.map(lambda text: f"'''{text}\n\"{text}'''"),
    st.sampled_from(['"\\""', "'\\\\'", '"\\u0041"', "'\\U0001F3AD'", '""', "''"]),
)
TOKENS = st.one_of(
    IRIS.map(lambda text: ("iri", text)),
    STRINGS.map(lambda text: ("string", text)),
    NAMES.map(lambda text: ("var", f"?{text}")),
    NAMES.map(lambda text: ("bnode", f"_:{text}")),
    st.tuples(NAMES, NAMES).map(lambda pair: ("pname", f"{pair[0]}:{pair[1]}")),
    st.sampled_from(["a:", ":", ":x", "a.b:c.d", "a:b%20c", "a:\\-b", "a:9", "a:b:c"]).map(lambda t: ("pname", t)),
    st.sampled_from(["SELECT", "where", "a", "true", "COUNT", "GROUP_CONCAT"]).map(lambda text: ("word", text)),
    st.sampled_from(["1", "1.5", ".5", "1e6", "1.e6", ".5E-3"]).map(lambda text: ("number", text)),
    st.sampled_from(["@en", "@en-GB", "@ar--rtl"]).map(lambda text: ("lang", text)),
    st.sampled_from("{}()[];,|/^*+!=-").map(lambda text: ("punct", text)),
    st.sampled_from(["&&", "||", "^^", "!=", ">=", "<=", ">>"]).map(lambda text: ("punct", text)),
)
GAPS = st.sampled_from([" ", "\n", "\t", " \r\n", "# a comment ' \" <\n", " #\n "])


@given(st.lists(st.tuples(TOKENS, GAPS), max_size=25))
def test_tokens_come_back_as_they_were_put_in(parts: list[tuple[tuple[str, str], str]]) -> None:
    text = "".join(token + gap for (_, token), gap in parts)
    assert [(lexed.kind, lexed.text) for lexed in tokenise(text)] == [token for token, _ in parts]


@given(st.text(st.characters(codec="utf-8"), max_size=80) | st.text("<>'\"\\#?$.:a{}@_u0041^|&-+% \n", max_size=80))
def test_any_text_is_cut_whole_or_refused_with_a_place(text: str) -> None:
    try:
        tokens = tokenise(text)
    except QuerySyntax as error:
        assert 1 <= error.line <= text.count("\n") + 1
        assert error.column >= 1
        return
    end = 0
    for token in tokens:
        assert _GAP.fullmatch(text[end : token.start]), "only white space and comments are left out"
        assert text[token.start : token.end] == token.text
        end = token.end
    assert _GAP.fullmatch(text[end:])


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_string_decodes_to_what_was_escaped(value: str) -> None:
    escaped = "".join(f"\\U{ord(char):08X}" for char in value)
    for written in (f'"{escaped}"', f"'{escaped}'", f'"""{escaped}"""', f"'''{escaped}'''"):
        (token,) = tokenise(written)
        assert decoded(token) == value


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'",
        '"""',
        '"""a""',
        "'''a'",
        '"a\nb"',
        '"\\"',
        "'\\x'",
        '"\\uD800"',
        '"\\U00110000"',
        '"\\u12"',
        "<http://e/\\u003E>",
        "<http://e/\\u0020>",
        "\\u0041",
        "SEL\\u0045CT",
        "?x \x00",
        "\x0c",
        "\ufeff",
        "£",
        "`",
        "_ ",
    ],
)
def test_broken_text_is_an_error(text: str) -> None:
    with pytest.raises(QuerySyntax):
        tokenise(text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("?a<?b", ["var", "punct", "var"]),
        ("?a<b>", ["var", "iri"]),
        ("a:b.", ["pname", "punct"]),
        ("a:b.c", ["pname"]),
        ("a:b\\.", ["pname"]),
        ("true.false", ["word", "punct", "word"]),
        ("_:a.b.", ["bnode", "punct"]),
        ("1.", ["number", "punct"]),
        ("<<?s", ["punct", "var"]),
        ("a:b#c", ["pname"]),
        ("<a#b>#c", ["iri"]),
        ("<p>?", ["iri", "punct"]),
    ],
)
def test_edges(text: str, kinds: list[str]) -> None:
    assert [token.kind for token in tokenise(text)] == kinds


def test_position_counts_code_points_from_one() -> None:
    assert position("é🎭\n x", 4) == (2, 2)
    assert position("", 0) == (1, 1)


def test_position_of_an_error_after_escapes_is_in_the_raw_text() -> None:
    with pytest.raises(QuerySyntax) as caught:
        tokenise('SELECT\n "\\u0041\\q"')
    assert (caught.value.line, caught.value.column) == (2, 9)
