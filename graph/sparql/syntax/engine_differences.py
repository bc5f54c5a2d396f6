"""Where the engine differs from SPARQL 1.1 and XPath: edits that mend a query, and warnings where none can.

Patterns and replacements that stand in the query as strings are translated from XPath's syntax (XPath and XQuery
Functions 3.1 §5.6) to the engine's, which is that of Rust's `regex`. What is computed while the query runs is sent as
it is, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from graph.sparql.syntax.lexer import Token, decoded, expanded, prefixes
from graph.sparql.syntax.path_alternatives import loses_rows

__all__ = ["Repair", "repairs"]

Repair = tuple[int, int, str]
"""Start and end in the query's text, and what is sent instead."""

Argument = Sequence[Token]

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_DURATIONS: Final = frozenset(_XSD + name for name in ("duration", "dayTimeDuration", "yearMonthDuration"))
MAX_INTEGER: Final = 2**63 - 1

_REPLACEMENT: Final = re.compile(r"\\(?P<escaped>[\\$])|\$(?P<group>[0-9]+)|(?P<wrong>[\\$])|(?P<plain>[^\\$]+)")
_GROUPS: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|(?P<group>\((?!\?))", re.DOTALL)
_PATTERN: Final = re.compile(r"\\(?P<escape>.)|(?P<char>&&|~~|--?\[|.)", re.DOTALL)
_NAME_START: Final = r"\p{L}\p{Nl}_:"
_NAME_CHARS: Final = rf"{_NAME_START}\p{{Nd}}\p{{M}}.\-\u{{B7}}"
_XML_CLASSES: Final = {
    "i": f"[{_NAME_START}]", "I": f"[^{_NAME_START}]", "c": f"[{_NAME_CHARS}]", "C": f"[^{_NAME_CHARS}]",
}  # fmt: skip
_FOREIGN: Final = re.compile(r"\\[bBAzZxuUG<>]|\(\?(?!:)")
_BLOCK: Final = re.compile(r"\\[pP]\{Is")
_BACK_REFERENCE: Final = re.compile(r"\\[1-9]")


def repairs(tokens: Sequence[Token]) -> tuple[tuple[Repair, ...], tuple[str, ...]]:
    """What to send differently, and what the reader of the answer should know."""
    edits, warnings = list[Repair](), dict[str, None]()
    declared: dict[str, str] | None = None
    for index, token in enumerate(tokens):
        word = token.text.upper() if token.kind == "word" else ""
        if word in ("REGEX", "REPLACE"):
            _repair_call(word, _arguments(tokens, index + 1), edits, warnings)
        elif word == "SELECT":
            edits += _repeated_columns(tokens, index + 1)
        elif token.text == "+" and index + 3 < len(tokens) and tokens[index + 2].text == "^^":
            declared = dict(prefixes(list(tokens))) if declared is None else declared
            _repair_sum(tokens, index, declared, edits)
        elif token.kind == "number" and token.text.isdigit() and int(token.text[:40]) > MAX_INTEGER:
            warnings["Integers beyond 64 bits are not compared or sorted by their value."] = None
    if any(map(_names_duration, tokens)) and any(token.text == "+" and not _edited(token, edits) for token in tokens):
        warnings["Date plus duration is unbound unless the duration is a constant after the plus sign."] = None
    if loses_rows(tokens):
        warnings["A path with | gives a pair of ends once, where SPARQL counts it for each alternative."] = None
    return tuple(sorted(edits)), tuple(warnings)


def _names_duration(token: Token) -> bool:
    text = token.text.removesuffix(">")
    return token.kind in ("iri", "pname") and text.endswith(
        ("#duration", "xsd:duration", "TimeDuration", "MonthDuration")
    )


def _edited(token: Token, edits: list[Repair]) -> bool:
    return any(start == token.start for start, _, _ in edits)


def _arguments(tokens: Sequence[Token], index: int) -> list[Argument]:
    """The arguments of the call whose bracket stands at `index`; none where it is no call."""
    if index >= len(tokens) or tokens[index].text != "(":
        return []
    arguments, depth = [list[Token]()], 0
    for token in tokens[index:]:
        if token.kind == "punct":
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth == 0:
                break
            if depth == 1 and token.text in "(,":
                if token.text == ",":
                    arguments.append([])
                continue
        arguments[-1].append(token)
    return list(arguments)


def _constant(argument: Argument) -> str | None:
    return decoded(argument[0]) if len(argument) == 1 and argument[0].kind == "string" else None


def _repair_call(name: str, arguments: list[Argument], edits: list[Repair], warnings: dict[str, None]) -> None:
    expected = 2 if name == "REGEX" else 3
    if len(arguments) not in (expected, expected + 1):
        return
    flags = _constant(arguments[expected]) if len(arguments) > expected else ""
    pattern = _constant(arguments[1])
    if pattern is None or flags is None:
        warnings[f"{name} with a computed pattern: patterns are read as those of Rust's regex, not XPath's."] = None
    elif "q" not in flags:
        _replace_token(arguments[1][0], pattern, _pattern(pattern), edits)
        if _BACK_REFERENCE.search(pattern) or _BLOCK.search(pattern):
            warnings[f"{name} knows neither back-references nor blocks such as IsGreek: its result is unbound."] = None
        if _FOREIGN.search(pattern.replace("\\\\", "")):
            warnings[f"The pattern of {name} is no pattern of XPath, where it is an error."] = None
    if name == "REPLACE":
        replacement = _constant(arguments[2])
        if replacement is None or flags is None:
            warnings["REPLACE with a computed replacement: $1x is read as a group named 1x, and \\$ not as $."] = None
            return
        groups = None if pattern is None else sum(match["group"] is not None for match in _GROUPS.finditer(pattern))
        literal = "q" in flags
        new = replacement.replace("$", "$$") if literal else "".join(_replacement_parts(replacement, groups))
        _replace_token(arguments[2][0], replacement, new, edits)
        if not literal and any(match["wrong"] for match in _REPLACEMENT.finditer(replacement)):
            warnings["The replacement of REPLACE holds a bare $ or \\, which is an error in XPath."] = None


def _replacement_parts(replacement: str, groups: int | None) -> Iterator[str]:
    """As many digits as there is such a group for, and at least one, name it."""
    for match in _REPLACEMENT.finditer(replacement):
        digits = match["group"]
        if digits is None:
            char = match["escaped"] or match["wrong"]
            yield match["plain"] if char is None else "$$" if char == "$" else char
            continue
        length = len(digits)
        while length > 1 and (groups is None or int(digits[:length]) > groups):
            length -= 1
        yield f"${{{digits[:length]}}}{digits[length:]}"


def _pattern(pattern: str) -> str:
    """Class subtraction and the names of XML in Rust's syntax; signs that only Rust reads as operators escaped."""
    parts, depth = list[str](), 0
    for match in _PATTERN.finditer(pattern):
        escape, char = match["escape"], match["char"]
        if escape is not None:
            parts.append(_XML_CLASSES.get(escape, match[0]))
            continue
        if char in ("-[", "--[") and depth:
            depth += 1
            parts.append("--[")
        elif char in ("&&", "~~") and depth:
            parts.append(f"\\{char[0]}\\{char[1]}")
        else:
            # A bracket opens a class outside of classes only; inside, XPath has it escaped.
            depth += char.endswith("[") and not depth
            depth -= char == "]" and depth > 0
            parts.append(char)
    return "".join(parts)


def _replace_token(token: Token, old: str, new: str, edits: list[Repair]) -> None:
    if new != old:
        edits.append((token.start, token.end, _quoted(new)))


def _quoted(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
    return '"' + "".join(escapes.get(char, char) for char in text) + '"'


def _repeated_columns(tokens: Sequence[Token], index: int) -> Iterator[Repair]:
    """A variable that SELECT names again is left out: a solution binds it once."""
    seen, depth = set[str](), 0
    for token in tokens[index:]:
        if token.text == "{" or (token.kind == "word" and token.text.upper() in ("WHERE", "FROM")):
            return
        depth += (token.text == "(") - (token.text == ")")
        if token.kind == "var" and depth == 0:
            if token.text[1:] in seen:
                yield token.start, token.end, " "
            seen.add(token.text[1:])


def _repair_sum(tokens: Sequence[Token], index: int, declared: dict[str, str], edits: list[Repair]) -> None:
    """Plus a constant duration becomes minus its opposite, which the engine can do."""
    plus, value, datatype = tokens[index], tokens[index + 1], tokens[index + 3]
    if value.kind != "string" or datatype.kind not in ("iri", "pname"):
        return
    if expanded(datatype, declared) in _DURATIONS:
        text = decoded(value)
        opposite = text[1:] if text.startswith("-") else f"-{text}"
        edits += [(plus.start, plus.end, "-"), (value.start, value.end, _quoted(opposite))]
