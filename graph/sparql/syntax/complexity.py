"""Complexity of a query, from its tokens alone: nesting depth, joints and triple patterns."""

from __future__ import annotations

from typing import Final

from graph.errors import QueryRefused, QuerySyntax
from graph.sparql.limits import Limits
from graph.sparql.syntax.lexer import Token, position

__all__ = ["check_shape", "depth_of", "joints_in", "patterns_in"]

_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_TERMS: Final = frozenset({"iri", "pname", "bnode", "var", "string", "number"})
_TERM_WORDS: Final = frozenset({"a", "true", "false"})
_UNARY: Final = frozenset("!-+^")
_JOINING: Final = frozenset({"||", "&&", "+", "-", "*", "/"})
_LISTS: Final = frozenset({"VALUES", "DATA"})
_JOINING_WORDS: Final = frozenset({"UNION", "MINUS", "GRAPH", "AS", "SELECT"})


def check_shape(tokens: list[Token], text: str, limits: Limits) -> None:
    """Raises `QueryRefused` past the caps on nesting, joints and triple patterns, `QuerySyntax` on crossed brackets."""
    depth = depth_of(tokens, text)
    if depth > limits.nesting:
        raise QueryRefused(
            f"The query is nested {depth:,} deep; {limits.nesting} is allowed.", "Flatten its groups or brackets."
        )
    joints = joints_in(tokens)
    if joints > limits.joints:
        raise QueryRefused(
            f"The query joins {joints:,} parts by operators, UNION and the like; {limits.joints:,} are allowed.",
            "List values with IN or VALUES instead, or break it into simpler queries.",
        )
    patterns = patterns_in(tokens)
    if patterns > limits.patterns:
        raise QueryRefused(
            f"The query has about {patterns:,} triple patterns; {limits.patterns} are allowed.",
            "Split it into several queries.",
        )


def depth_of(tokens: list[Token], text: str) -> int:
    """The deepest nesting of brackets, counting a run of unary operators (`!!!…`) as nesting too."""
    stack: list[str] = []
    deepest = unary = 0
    for token in tokens:
        if token.kind != "punct":
            unary = 0
            continue
        char = token.text
        if char in "([{":
            stack.append(char)
        elif char in _PAIRS and (not stack or stack.pop() != _PAIRS[char]):
            line, column = position(text, token.start)
            raise QuerySyntax(f"Line {line}, column {column}: this ‘{char}’ closes nothing.", line=line, column=column)
        unary = unary + 1 if char in _UNARY else 0
        deepest = max(deepest, len(stack) + unary)
    return deepest


def joints_in(tokens: list[Token]) -> int:
    """The number of times that two parts are joined into one, which is then a part of the next: by words such as UNION
    and AS, path steps, and operators in parentheses. VALUES and DATA blocks count nothing."""
    total = 0
    brackets = [""]  # the open ones; "data" for all inside a data block
    values = False
    for kind, text, _ in tokens:
        if kind == "word":
            word = text.upper()
            values = values or word in _LISTS
            total += word in _JOINING_WORDS and brackets[-1] != "data"
        elif kind != "punct":
            continue
        elif text in "([{":
            data = brackets[-1] == "data" or (values and text == "{")
            brackets.append("data" if data else text)
            values = values and text != "{"
        elif text in _PAIRS:
            if len(brackets) > 1:
                brackets.pop()
        elif text in _JOINING:
            total += brackets[-1] == "(" or (text == "/" and brackets[-1] != "data")
    return total


def patterns_in(tokens: list[Token]) -> int:
    """The approximate number of triple patterns in the text; VALUES and DATA blocks count nothing.

    A statement counts one, and one more for each `;` and `,` that a term follows. A member of a collection counts two
    (rdf:first and rdf:rest). Each path step counts one: the engine joins steps like patterns.
    """
    total = 0
    frames: list[_Frame] = [_Frame("", False, False)]
    word = ""
    values = False
    for token in tokens:
        frame, text = frames[-1], token.text
        if token.kind == "word" and text not in _TERM_WORDS:
            word = text.upper()
            values = values or word in _LISTS
            frame.terms = 0
        elif token.kind in _TERMS or token.kind == "word":
            total += frame.term()
        elif text in "([{":
            path = text == "(" and (frame.path or (frame.bracket in ("{", "[") and frame.terms == 1))
            total += frame.term() if text != "{" else 0
            frames.append(_Frame(text, frame.data or (values and text == "{"), path))
            values = values and text != "{"
        elif text in _PAIRS:
            if len(frames) > 1:
                frames.pop()
            if text == "}":
                frames[-1].terms = 0
        else:
            total += text == "/" and not frame.data and (frame.path or frame.bracket in ("{", "["))
            frame.separator(text)
    return total


class _Frame:
    """One open bracket, and the number of terms so far in its current statement. `data`: it belongs to a data block;
    `path`: it groups a part of a path."""

    __slots__ = ("bracket", "data", "path", "terms")

    def __init__(self, bracket: str, data: bool, path: bool) -> None:
        self.bracket, self.data, self.path = bracket, data, path
        self.terms = 1 if bracket == "[" else 0

    def term(self) -> int:
        """Add a term; the number of triple patterns that it completes."""
        self.terms += 1
        if self.data or self.bracket == "":
            return 0
        if self.bracket == "(":
            return 2 if self.terms > 1 else 0
        return 1 if self.terms == 3 else 0

    def separator(self, text: str) -> None:
        """Reset the count: after `;` a verb and an object complete a pattern, after `,` an object does."""
        if text == ".":
            self.terms = 1 if self.bracket == "[" else 0
        elif self.bracket == "(":
            self.terms = 0
        elif text == ";":
            self.terms = min(self.terms, 1)
        elif text == ",":
            self.terms = min(self.terms, 2)
        elif text in ("/", "|", "^"):
            # the steps of a path are one verb
            self.terms = max(self.terms - 1, 0) if text != "^" else self.terms
