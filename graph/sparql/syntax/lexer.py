"""Lexer: SPARQL 1.1 text to tokens (https://www.w3.org/TR/sparql11-query/#sparqlGrammar), in linear time.

It works on the raw text. `\\u` escapes are decoded afterwards and only inside strings and IRIs, as the engine does.
Decoding first would open a hole: `"x\\u005C" . SERVICE …` would hide the SERVICE in a string that the engine ends
earlier. Every repetition is possessive, so that nothing is matched twice. A string that does not end is an error at
once; no other reading is tried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, Literal, NamedTuple

from graph.errors import QuerySyntax, QueryTooLarge

__all__ = ["Kind", "Token", "decoded", "expanded", "position", "prefixes", "tokenise"]

Kind = Literal["iri", "pname", "bnode", "var", "string", "lang", "number", "word", "punct"]


class Token(NamedTuple):
    """`text` is the raw text at `start`, an offset in code points."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after the token."""
        return self.start + len(self.text)


_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARS = _BASE + "_0-9\u00b7\u0300-\u036f\u203f-\u2040-"
_NAME = _CHARS[:-1]
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_LOCAL = rf"(?:[{_BASE}_:0-9]|{_ESCAPED})(?:\.*+(?:[{_CHARS}:]|{_ESCAPED}))*+"
_IRI = r"""<(?:[^\x00-\x20<>"{}|^`\\]++|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>"""
_STRINGS = (
    r'"""(?:[^"\\]++|\\(?s:.)|"(?!""))*+"""',
    r"'''(?:[^'\\]++|\\(?s:.)|'(?!''))*+'''",
    r'"(?!"")(?:[^"\\\r\n]++|\\[^\r\n])*+"',
    r"'(?!'')(?:[^'\\\r\n]++|\\[^\r\n])*+'",
)
_NUMBER = r"(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)[eE][+-]?[0-9]++|[0-9]*+\.[0-9]++|[0-9]++"
_PUNCT = rf"<(?={_IRI})|<<|>>|\^\^|&&|\|\||!=|<=|>=|[{{}}()\[\].;,|/^*?+!=<>~-]"

_PARTS = (
    rf"(?P<var>[?$][{_NAME}]++)",
    rf"(?P<iri>{_IRI})",
    rf"(?P<string>{'|'.join(_STRINGS)})",
    rf"(?P<bnode>_:[{_BASE}_0-9](?:\.*+[{_CHARS}])*+)",
    r"(?P<lang>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+(?:--[A-Za-z]++)?)",
    rf"(?P<number>{_NUMBER})",
)
_RUN = rf"(?P<run>[{_BASE}](?:\.*+[{_CHARS}])*+(?::(?:{_LOCAL})?)?|:(?:{_LOCAL})?)"
_WORD = r"(?P<word>[A-Za-z][A-Za-z0-9_]*+)"
_END = rf"(?P<punct>{_PUNCT})"

# A run of name characters is a prefixed name where a colon follows, else words and dots. Inside a run that had no
# colon the second pattern is used, or `a.a.a.…` would be scanned to its end from every dot: quadratic.
_GAP: Final = r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compiled on first use: that takes a quarter of the start of a worker, and few workers have to read a text."""
    return (
        re.compile(f"{_GAP}(?:{'|'.join((*_PARTS, _RUN, _END))})"),
        re.compile(f"{_GAP}(?:{'|'.join((*_PARTS, _WORD, _END))})"),
    )


_SKIPPED: Final = re.compile(_GAP)

_ALONE: Final = frozenset("{}()[];,*+/=~-")
"""Characters that begin no longer token. They are read without the patterns: a third of the time of a bracket bomb."""

_ECHARS: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", "\\": "\\", '"': '"', "'": "'"}
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|((?s:.)))")
_LOCAL_ESCAPE: Final = re.compile(r"\\(.)")
_IRI_FORBIDDEN: Final = re.compile(r'[\x00-\x20<>"{}|^`\\]')


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a code-point offset, both from 1.

    >>> position("ASK {\\n}", 6)
    (2, 1)
    """
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def tokenise(text: str, limit: int | None = None) -> list[Token]:
    """The tokens of a text, without white space and comments.

    Raises `QuerySyntax`, with line and column, at the first wrong character, and `QueryTooLarge` after `limit` tokens.

    >>> [token.text for token in tokenise("ASK { ?s a <u:x> } # end")]
    ['ASK', '{', '?s', 'a', '<u:x>', '}']
    """
    whole, plain = _patterns()
    tokens: list[Token] = []
    max_tokens = len(text) if limit is None else limit
    offset, plain_until, length = 0, 0, len(text)
    while offset < length:
        char = text[offset]
        if char in _ALONE:
            tokens.append(Token("punct", char, offset))
            offset += 1
        else:
            match = (whole if offset >= plain_until else plain).match(text, offset)
            if match is None:
                return _ended(tokens, text, offset)
            if match.lastgroup == "run" and ":" not in match["run"]:
                start, plain_until = match.span("run")
                offset = _plain_word(tokens, text, start)
            else:
                offset = _take(tokens, text, match)
        if len(tokens) > max_tokens:
            raise _too_many(max_tokens)
    return tokens


def _take(tokens: list[Token], text: str, match: re.Match[str]) -> int:
    """Add the token of a match; its end."""
    group = str(match.lastgroup)
    kind: Kind = "pname" if group == "run" else group  # type: ignore[assignment]  # the group names are the kinds
    start, end = match.span(group)
    token = Token(kind, text[start:end], start)
    tokens.append(token)
    if kind != "punct":
        if "\\" in token.text and kind in ("string", "iri"):
            _decode(token, text)
    elif token.text == "<" and text.startswith("<", end):
        _check_angles(text, start)
    return end


def _ended(tokens: list[Token], text: str, offset: int) -> list[Token]:
    """The tokens, if only white space and comments follow. Raises `QuerySyntax` at anything else."""
    gap = _SKIPPED.match(text, offset)
    end = gap.end() if gap is not None else offset
    if end < len(text):
        raise _broken(text, end)
    return tokens


def _too_many(max_tokens: int) -> QueryTooLarge:
    return QueryTooLarge(f"The query has more than {max_tokens:,} words and signs.", "Split it into several queries.")


def _plain_word(tokens: list[Token], text: str, start: int) -> int:
    """Add the word at the beginning of a run without a colon; its end."""
    match = _patterns()[1].match(text, start)
    if match is None or match.lastgroup != "word":
        raise _broken(text, start)
    tokens.append(Token("word", match["word"], start))
    return match.end()


def _check_angles(text: str, offset: int) -> None:
    """`<<u:x#>` is "less than" and an IRI, or a triple term with a comment in it. The engine may read it either way;
    with `#` or `'` inside, one reading would hide what follows. Nobody means that, so it is an error."""
    iri = _patterns()[0].match(text, offset + 1)
    if iri is not None and ("#" in iri.group() or "'" in iri.group()):
        raise _syntax(text, offset, "‘<<’ can be read in two ways here; put a space between or after the brackets.")


def decoded(token: Token) -> str:
    """The value of a string or IRI token: without delimiters, with escapes decoded."""
    return _decode(token, token.text)


def prefixes(tokens: Sequence[Token]) -> dict[str, str]:
    """The prefixes that a query declares, without their colons, with their IRIs."""
    return {
        name.text[:-1]: decoded(iri)
        for word, name, iri in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if word.kind == "word" and word.text.upper() == "PREFIX" and name.kind == "pname" and iri.kind == "iri"
    }


def expanded(token: Token, declared: Mapping[str, str]) -> str:
    """The IRI of an IRI token or a prefixed name; relative where the text has a relative one."""
    if token.kind == "iri":
        return decoded(token)
    prefix, _, local = token.text.partition(":")
    return declared.get(prefix, "") + _LOCAL_ESCAPE.sub(r"\1", local)


def _decode(token: Token, text: str) -> str:
    """The value of a token. `text` is used for the place of a wrong escape."""
    raw = token.text
    width = 3 if token.kind == "string" and raw[:3] in ('"""', "'''") and len(raw) > 5 else 1
    inner = raw[width:-width]
    if "\\" not in inner:
        return inner

    def decode(match: re.Match[str]) -> str:
        short, long, char = match.groups()
        if char is None:
            point = int(short or long, 16)
            if point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF:
                return chr(point)
        elif char in _ECHARS:
            return _ECHARS[char]
        at = token.start + width + match.start() if text is not raw else width + match.start()
        raise _syntax(text, at, f"‘{match.group()}’ is not an escape sequence.")

    value = _ESCAPE.sub(decode, inner)
    if token.kind == "iri" and _IRI_FORBIDDEN.search(value):
        raise _syntax(text, token.start if text is not raw else 0, "An IRI holds a character that IRIs cannot hold.")
    return value


def _broken(text: str, offset: int) -> QuerySyntax:
    char = text[offset]
    if char in "\"'":
        return _syntax(text, offset, "This string does not end.")
    if char == "\\":
        return _syntax(text, offset, "A backslash is allowed only inside strings, IRIs and local names.")
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return _syntax(text, offset, f"Unexpected character ‘{shown}’.")


def _syntax(text: str, offset: int, message: str) -> QuerySyntax:
    line, column = position(text, offset)
    return QuerySyntax(f"Line {line}, column {column}: {message}", line=line, column=column)
