"""Analysis of an update from its tokens: its kinds of operation, its dataset, and the graphs it acts on as wholes.

The `update` of pyoxigraph takes no dataset. So the dataset of the request (`using-graph-uri`, `using-named-graph-uri`)
is written as USING clauses into each operation with a WHERE, which is its meaning in the SPARQL 1.1 Protocol (§2.2.3).

CLEAR, DROP, ADD, MOVE and COPY act on whole graphs. The engine's parser needs no space after a keyword (`CLEAR
SILENTDEFAULT`, `PREFIX MOVE: … MOVE:g TO DEFAULT`), so that it accepts more forms of them than the grammar has. Here
only the forms of the grammar are accepted, and anything that is no operation is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NoReturn

import pyoxigraph as ox

from graph.errors import QuerySyntax
from graph.sparql.dataset import Dataset
from graph.sparql.syntax.guard import Guarded
from graph.sparql.syntax.lexer import Token, position, tokenise
from graph.storage.snapshot import DEFAULT

__all__ = ["as_insertions", "only_data", "whole_graphs", "with_dataset", "without_silent_loads"]

_WORDS: Final = frozenset({
    "BASE", "PREFIX", "VERSION", "INSERT", "DELETE", "DATA", "WHERE", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY",
    "SILENT", "GRAPH", "DEFAULT", "NAMED", "ALL", "TO", "INTO", "WITH", "USING",
})  # fmt: skip
_NOTHING: Final = "INSERT DATA {}"
_DATASET: Final = frozenset({"WITH", "USING"})


def _outer_words(tokens: tuple[Token, ...]) -> list[tuple[int, str]]:
    """The keywords outside all brackets, in capitals, with their indices among the tokens."""
    words: list[tuple[int, str]] = []
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "punct":
            depth += (token.text in "([{") - (token.text in ")]}")
        elif token.kind == "word" and depth == 0:
            words.append((index, token.text.upper()))
    return words


def without_silent_loads(text: str, limit: int) -> str:
    """The text with each `LOAD SILENT …` replaced by an operation of the same length that does nothing.

    LOAD is never run here, and a LOAD SILENT that fails counts as a success. `limit` caps the tokens. The result still
    has to be guarded: only the usual form of LOAD is replaced.
    """
    if "LOAD" not in text.upper():
        return text
    tokens = tuple(tokenise(text, limit))
    changes = []
    for index, word in _outer_words(tokens):
        if word == "LOAD":
            end = _end_of_load(tokens, index)
            if end:
                start, stop = tokens[index].start, tokens[end - 1].end
                changes.append((start, stop, _NOTHING.ljust(stop - start)))
    return _replaced(text, changes)


def _end_of_load(tokens: tuple[Token, ...], index: int) -> int:
    """One past the last token of `LOAD SILENT source [INTO GRAPH target]`; 0 where it is not that."""
    words = [token.text.upper() if token.kind == "word" else token.kind for token in tokens[index : index + 6]]
    if words[1:2] != ["SILENT"] or words[2:3] not in (["iri"], ["pname"]):
        return 0
    has_target = words[3:5] == ["INTO", "GRAPH"] and words[5:6] in (["iri"], ["pname"])
    return 0 if words[3:4] == ["INTO"] and not has_target else index + (6 if has_target else 3)


def only_data(guarded: Guarded) -> bool:
    """Whether every operation is INSERT DATA or DELETE DATA, so that the text itself names all the quads."""
    words = [word for _, word in _outer_words(guarded.tokens) if word not in ("BASE", "PREFIX", "VERSION")]
    pairs = zip(words[::2], words[1::2], strict=False)
    return len(words) % 2 == 0 and all(
        word in ("INSERT", "DELETE") and following == "DATA" for word, following in pairs
    )


def as_insertions(guarded: Guarded) -> str:
    """An update of data only, with each DELETE replaced by INSERT: run on an empty store, it adds every quad that the
    update names."""
    deletions = [
        (token.start, token.end, "INSERT")
        for index, word in _outer_words(guarded.tokens)
        if word == "DELETE"
        for token in [guarded.tokens[index]]
    ]
    return _replaced(guarded.original, deletions)


def with_dataset(guarded: Guarded, dataset: Dataset) -> str:
    """The client's text with the request's dataset as USING clauses of each operation with a WHERE; guard it again.

    `DELETE WHERE { … }` becomes `DELETE { … } USING … WHERE { … }`, which means the same. Raises QuerySyntax where an
    operation names its own dataset, and for a keyword that no update has; ValueError for a graph that is no IRI.
    """
    dataset.arguments()
    clauses = "".join(f"USING <{iri}> " for iri in dataset.default)
    clauses += "".join(f"USING NAMED <{iri}> " for iri in dataset.named)
    tokens, changes = guarded.tokens, list[tuple[int, int, str]]()
    words = _outer_words(tokens)
    for number, (index, word) in enumerate(words):
        token = tokens[index]
        if word in _DATASET:
            raise _wrong(guarded, token, f"{word} cannot be combined with a dataset in the request.")
        if word not in _WORDS:
            raise _wrong(guarded, token, f"Unexpected ‘{token.text[:40]}’.")
        if word == "WHERE":
            shorthand = number > 0 and words[number - 1] == (index - 1, "DELETE")
            pattern = _braces(guarded, index + 1) + " " if shorthand else ""
            changes.append((token.start, token.start, pattern + clauses))
    return _replaced(guarded.original, changes)


def _braces(guarded: Guarded, start: int) -> str:
    """The text of the group that starts at a token."""
    depth = 0
    for token in guarded.tokens[start:]:
        depth += (token.text == "{" and token.kind == "punct") - (token.text == "}" and token.kind == "punct")
        if depth == 0:
            return guarded.original[guarded.tokens[start].start : token.end]
    raise _wrong(guarded, guarded.tokens[start - 1], "The pattern after this does not end.")


def _replaced(text: str, changes: list[tuple[int, int, str]]) -> str:
    parts, last = list[str](), 0
    for start, end, new in changes:
        parts += (text[last:start], new)
        last = end
    return "".join((*parts, text[last:]))


def _wrong(guarded: Guarded, token: Token, message: str) -> QuerySyntax:
    line, column = position(guarded.original, token.start)
    return QuerySyntax(f"Line {line}, column {column}: {message}", line=line, column=column)


_PROLOGUE: Final = {"BASE": 2, "VERSION": 2, "PREFIX": 3}
_EMPTYING: Final = frozenset({"CLEAR", "DROP"})
_MOVING: Final = frozenset({"ADD", "MOVE", "COPY"})
_OTHERS: Final = frozenset({"INSERT", "DELETE", "WITH", "CREATE"})


def whole_graphs(guarded: Guarded, base: str | None) -> Iterator[ox.NamedNode | ox.DefaultGraph | None]:
    """The graphs that an update clears, drops, replaces or adds to as wholes, in any order; None stands for all at once
    (ALL, NAMED). Adding to the default graph does not count, because plain facts may be added there. Raises
    QuerySyntax for anything that is no operation of an update."""
    reader = _Reader(guarded)
    reader.read()
    if reader.acts_on_all:
        yield None
    if reader.acts_on_default:
        yield DEFAULT
    if reader.named:
        named = ox.Store()
        try:
            named.update("".join(reader.named), base_iri=base)  # the engine knows prefixes and relative IRIs
        except (SyntaxError, ValueError) as error:
            raise QuerySyntax(f"The update is not valid SPARQL: {error}.") from error
        yield from (graph for graph in named.named_graphs() if isinstance(graph, ox.NamedNode))


class _Reader:
    """Reader of the operations of an update that act on whole graphs."""

    def __init__(self, guarded: Guarded) -> None:
        self._guarded, self._tokens, self._position = guarded, guarded.tokens, 0
        self.acts_on_all = self.acts_on_default = False
        self.named: list[str] = []
        """An update that creates these graphs, with the prologues of the update that is read."""

    def read(self) -> None:
        while (token := self._peek()) is not None:
            word = self._word()
            if word in _PROLOGUE:
                last = self._tokens[min(self._position + _PROLOGUE[word], len(self._tokens)) - 1]
                self.named.append(self._guarded.original[token.start : last.end] + "\n")
                self._position += _PROLOGUE[word]
            elif token.text == ";":
                self._position += 1
            elif word in _OTHERS:
                self._skip()
            else:
                self._operation(word)

    def _operation(self, word: str) -> None:
        self._position += 1
        if word in _EMPTYING:
            self._silent()
            if self._word() in ("ALL", "NAMED"):
                self.acts_on_all = True
                self._position += 1
            else:
                self._add(self._graph(required=True))
        elif word in _MOVING:
            self._silent()
            source = self._graph()
            if self._word() != "TO":
                self._wrong()
            self._position += 1
            target = self._graph()
            if target or word != "ADD":
                self._add(target)
            if word == "MOVE":
                self._add(source)
        else:
            self._position -= 1
            self._wrong()
        after = self._peek()
        if after is not None and after.text != ";":
            self._wrong()

    def _add(self, graph: str) -> None:
        if graph:
            self.named.append(f"CREATE SILENT GRAPH {graph} ;\n")
        else:
            self.acts_on_default = True

    def _graph(self, *, required: bool = False) -> str:
        """The graph as written; empty for the default graph. `required`: a name needs the word GRAPH before it."""
        word = self._word()
        if word == "DEFAULT":
            self._position += 1
            return ""
        if word == "GRAPH":
            self._position += 1
        elif required:
            self._wrong()
        token = self._peek()
        if token is None or token.kind not in ("iri", "pname"):
            self._wrong()
        self._position += 1
        return token.text

    def _silent(self) -> None:
        if self._word() == "SILENT":
            self._position += 1

    def _skip(self) -> None:
        """Skip to the end of an operation. Its own semicolons are all inside brackets."""
        depth = 0
        while (token := self._peek()) is not None and (depth or token.text != ";"):
            if token.kind == "punct":
                depth += (token.text in "([{") - (token.text in ")]}")
            self._position += 1

    def _peek(self) -> Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _word(self) -> str:
        token = self._peek()
        return token.text.upper() if token is not None and token.kind == "word" else ""

    def _wrong(self) -> NoReturn:
        token = self._peek() or self._tokens[-1]
        line, column = position(self._guarded.original, token.start)
        message = f"Line {line}, column {column}: Unexpected ‘{token.text[:40]}’."
        raise QuerySyntax(message, line=line, column=column)
