"""Which graphs an update clears, drops, replaces or adds to as wholes: CLEAR, DROP, ADD, MOVE and COPY.

The engine's parser needs no gap after a keyword (`CLEAR SILENTDEFAULT`, `PREFIX MOVE: … MOVE:g TO DEFAULT`), so that
such an operation has more forms than the grammar. Here it has one, and what is no operation at all is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NoReturn

import pyoxigraph as ox

from graph.errors import QuerySyntax
from graph.sparql.syntax.guard import Guarded
from graph.sparql.syntax.lexer import Token, position
from graph.storage.snapshot import DEFAULT

__all__ = ["whole_graphs"]

_PROLOGUE: Final = {"BASE": 2, "VERSION": 2, "PREFIX": 3}
_EMPTYING: Final = frozenset({"CLEAR", "DROP"})
_MOVING: Final = frozenset({"ADD", "MOVE", "COPY"})
_OTHERS: Final = frozenset({"INSERT", "DELETE", "WITH", "CREATE"})


def whole_graphs(guarded: Guarded, base: str | None) -> Iterator[ox.NamedNode | ox.DefaultGraph | None]:
    """The graphs in any order, None for all of them at once (ALL, NAMED). An addition to the default graph is none, for
    there plain facts may be added. Raises QuerySyntax for what is none of an update's operations."""
    reader = _Reader(guarded)
    reader.read()
    if reader.every:
        yield None
    if reader.default:
        yield DEFAULT
    if reader.named:
        named = ox.Store()
        try:
            named.update("".join(reader.named), base_iri=base)  # the engine knows prefixes and relative IRIs
        except (SyntaxError, ValueError) as error:
            raise QuerySyntax(f"The update is not valid SPARQL: {error}.") from error
        yield from (each for each in named.named_graphs() if isinstance(each, ox.NamedNode))


class _Reader:
    def __init__(self, guarded: Guarded) -> None:
        self._guarded, self._tokens, self._at = guarded, guarded.tokens, 0
        self.every = self.default = False
        self.named: list[str] = []
        """An update that makes the graphs, with the prologues of the one that is read."""

    def read(self) -> None:
        while (token := self._peek()) is not None:
            word = self._word()
            if word in _PROLOGUE:
                last = self._tokens[min(self._at + _PROLOGUE[word], len(self._tokens)) - 1]
                self.named.append(self._guarded.original[token.start : last.end] + "\n")
                self._at += _PROLOGUE[word]
            elif token.text == ";":
                self._at += 1
            elif word in _OTHERS:
                self._skip()
            else:
                self._operation(word)

    def _operation(self, word: str) -> None:
        self._at += 1
        if word in _EMPTYING:
            self._silent()
            if self._word() in ("ALL", "NAMED"):
                self.every = True
                self._at += 1
            else:
                self._hold(self._graph(required=True))
        elif word in _MOVING:
            self._silent()
            source = self._graph()
            if self._word() != "TO":
                self._wrong()
            self._at += 1
            target = self._graph()
            if target or word != "ADD":
                self._hold(target)
            if word == "MOVE":
                self._hold(source)
        else:
            self._at -= 1
            self._wrong()
        after = self._peek()
        if after is not None and after.text != ";":
            self._wrong()

    def _hold(self, graph: str) -> None:
        if graph:
            self.named.append(f"CREATE SILENT GRAPH {graph} ;\n")
        else:
            self.default = True

    def _graph(self, *, required: bool = False) -> str:
        """As it is written; empty for the default graph. `required`: the word GRAPH stands before a name."""
        word = self._word()
        if word == "DEFAULT":
            self._at += 1
            return ""
        if word == "GRAPH":
            self._at += 1
        elif required:
            self._wrong()
        token = self._peek()
        if token is None or token.kind not in ("iri", "pname"):
            self._wrong()
        self._at += 1
        return token.text

    def _silent(self) -> None:
        if self._word() == "SILENT":
            self._at += 1

    def _skip(self) -> None:
        """To the end of an operation: no semicolon of its own stands outside of brackets."""
        depth = 0
        while (token := self._peek()) is not None and (depth or token.text != ";"):
            if token.kind == "punct":
                depth += (token.text in "([{") - (token.text in ")]}")
            self._at += 1

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _word(self) -> str:
        token = self._peek()
        return token.text.upper() if token is not None and token.kind == "word" else ""

    def _wrong(self) -> NoReturn:
        token = self._peek() or self._tokens[-1]
        line, column = position(self._guarded.original, token.start)
        said = f"Line {line}, column {column}: Unexpected ‘{token.text[:40]}’."
        raise QuerySyntax(said, line=line, column=column)
