"""What an update request says, from its tokens: which kinds of operation, and its dataset made explicit.

pyoxigraph's `update` takes no dataset, so that of the request (`using-graph-uri`, `using-named-graph-uri`) is written
into each operation that has a WHERE as USING clauses, which is what the SPARQL 1.1 Protocol says it means (§2.2.3).
"""

from __future__ import annotations

from typing import Final

from graph.errors import QuerySyntax
from graph.sparql.dataset import Dataset
from graph.sparql.syntax.guard import Guarded
from graph.sparql.syntax.lexer import Token, position, tokenise

__all__ = ["as_insertions", "only_data", "with_dataset", "without_silent_loads"]

_WORDS: Final = frozenset({
    "BASE", "PREFIX", "VERSION", "INSERT", "DELETE", "DATA", "WHERE", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY",
    "SILENT", "GRAPH", "DEFAULT", "NAMED", "ALL", "TO", "INTO", "WITH", "USING",
})  # fmt: skip
_NOTHING: Final = "INSERT DATA {}"
_DATASET: Final = frozenset({"WITH", "USING"})


def _outer_words(tokens: tuple[Token, ...]) -> list[tuple[int, str]]:
    """The keywords outside all brackets, in capitals, with their places among the tokens."""
    found: list[tuple[int, str]] = []
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "punct":
            depth += (token.text in "([{") - (token.text in ")]}")
        elif token.kind == "word" and depth == 0:
            found.append((index, token.text.upper()))
    return found


def without_silent_loads(text: str, limit: int) -> str:
    """The text with each `LOAD SILENT …` turned into an operation of the same length that does nothing.

    LOAD is never run here, and a LOAD that fails is a success where the client says SILENT. `limit`: tokens at most.
    Guard what comes back: this looks for the plain form only.
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
    said = [token.text.upper() if token.kind == "word" else token.kind for token in tokens[index : index + 6]]
    if said[1:2] != ["SILENT"] or said[2:3] not in (["iri"], ["pname"]):
        return 0
    whole = said[3:5] == ["INTO", "GRAPH"] and said[5:6] in (["iri"], ["pname"])
    return 0 if said[3:4] == ["INTO"] and not whole else index + (6 if whole else 3)


def only_data(guarded: Guarded) -> bool:
    """True where every operation is INSERT DATA or DELETE DATA, so that the text itself says what it touches."""
    words = [word for _, word in _outer_words(guarded.tokens) if word not in ("BASE", "PREFIX", "VERSION")]
    pairs = zip(words[::2], words[1::2], strict=False)
    return len(words) % 2 == 0 and all(first in ("INSERT", "DELETE") and then == "DATA" for first, then in pairs)


def as_insertions(guarded: Guarded) -> str:
    """An update of data only, with each DELETE turned into an INSERT: run on an empty store, it leaves there every
    quad that the update names."""
    deletions = [
        (token.start, token.end, "INSERT")
        for index, word in _outer_words(guarded.tokens)
        if word == "DELETE"
        for token in [guarded.tokens[index]]
    ]
    return _replaced(guarded.original, deletions)


def with_dataset(guarded: Guarded, dataset: Dataset) -> str:
    """The client's text with the request's dataset as USING clauses of each operation that has a WHERE; guard it again.

    `DELETE WHERE { … }` becomes `DELETE { … } USING … WHERE { … }`, which means the same. Raises QuerySyntax where an
    operation names its dataset itself, and for a keyword that no update has; ValueError for what is no IRI.
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
    """The text of the group that opens at a token."""
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
