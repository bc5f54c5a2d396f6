"""Guard: decides from the tokens of a query whether it may be sent to a worker.

It refuses what would reach the network (SERVICE, LOAD) and what would only exhaust a worker (too long, too deep, too
many patterns). It is not the last defence: the sandbox of the worker holds without it. It does not parse either: the
engine in the worker does, because a text could crash a parser in this process.

The engine's parser works on characters, without tokens. That allows disguises that a tokeniser alone does not see.
These were found by trying:

- keywords need no boundary: `trueSERVICE<…>` and `SERVICE:x {` (the keyword, then the name `:x`) are calls;
- `1<<u:x#>` is "less than" an IRI or opens a triple term: the lexer refuses it;
- after an operand inside brackets, `<` is tried as "less than" first, even where it starts an IRI: in
  `FILTER(?a <'>')SERVICE …` the engine reads the string `'>'`, a tokeniser the IRI `<'>` and a string that hides the
  rest. The guard sends such IRIs with `'` and `#` as `\\u` escapes. The engine decodes these in IRIs and nowhere else,
  so only the tokeniser's reading is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from graph.errors import QueryRefused, QuerySyntax, QueryTooLarge
from graph.sparql.limits import Limits
from graph.sparql.syntax.complexity import check_shape
from graph.sparql.syntax.engine_differences import repairs
from graph.sparql.syntax.lexer import Token, expanded, position, prefixes, tokenise
from graph.sparql.syntax.query_shape import is_unordered, uses_base
from graph.vocabulary import PREFIXES

__all__ = ["SEARCH_SERVICE", "Edit", "Form", "Guarded", "SearchClause", "check_length", "guard"]

Form = Literal["SELECT", "ASK", "CONSTRUCT", "DESCRIBE", "UPDATE"]

SEARCH_SERVICE: Final = "urn:creative-atlas:search"

_QUERIES: Final = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_UPDATES: Final = frozenset(
    {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"}
)  # fmt: skip
_VOLATILE: Final = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})
_OPERANDS: Final = frozenset({"iri", "pname", "var", "string", "lang", "number", "bnode", "word"})
_RISKY: Final = str.maketrans({"'": "\\u0027", "#": "\\u0023"})


@dataclass(frozen=True, slots=True)
class SearchClause:
    """`SERVICE <urn:creative-atlas:search> { … }`: its code-point offsets, and the tokens between its braces.

    `graph.sparql.syntax.search_clause` reads the tokens and puts VALUES in the clause's place.
    """

    start: int
    end: int
    body: tuple[Token, ...]


class Edit(NamedTuple):
    """A replacement: `text` is sent instead of the client's text between two offsets."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Guarded:
    """A query that may run. `original` is the client's text; the worker gets `text`, to which the `edits` are applied.

    `volatile`: the same query may have another result the next time. `searches` have to be replaced before it runs.
    `look_up` is the look-up that the query amounts to, if any; `unordered`: its rows may come in any order;
    `uses_base`: its result may depend on the base (all three as `graph.sparql.syntax.query_shape` says).
    `warnings`: where the engine may answer otherwise than SPARQL says.
    """

    original: str
    text: str
    form: Form
    tokens: tuple[Token, ...]
    searches: tuple[SearchClause, ...] = ()
    edits: tuple[Edit, ...] = ()
    volatile: bool = False
    look_up: str | None = None
    unordered: bool = False
    uses_base: bool = True
    warnings: tuple[str, ...] = ()

    def edited(self, edits: Iterable[Edit]) -> Guarded:
        """The query with these edits as well. An earlier edit that lies inside one of them is dropped."""
        new = tuple(edits)
        earlier = (edit for edit in self.edits if not any(other.start <= edit.start < other.end for other in new))
        every = tuple(sorted((*earlier, *new)))
        return replace(self, edits=every, text=_edited(self.original, every))

    def original_position(self, line: int, column: int) -> tuple[int, int]:
        """Line and column (from 1) in the client's text for a place in `text`."""
        lines = self.text.split("\n")
        if not self.edits or not 1 <= line <= len(lines):
            return line, column
        offset = sum(len(text) + 1 for text in lines[: line - 1]) + column - 1
        growth = 0  # by how much the edits before the offset lengthened the text
        for edit in self.edits:
            start = edit.start + growth
            if offset < start:
                break
            if offset < start + len(edit.text):
                return position(self.original, edit.start)
            growth += len(edit.text) - (edit.end - edit.start)
        return position(self.original, min(offset - growth, len(self.original)))


def guard(text: str, limits: Limits, *, search: bool = False, update: bool = False) -> Guarded:
    """The query, cleared to run. `search`: the caller replaces search clauses by VALUES before it runs.

    Raises `QueryTooLarge`, `QuerySyntax` or `QueryRefused`.

    >>> guard("ASK { ?s ?p ?o }", Limits()).form
    'ASK'
    """
    check_length(text, limits)
    tokens = tokenise(text, limits.tokens)
    form = _form(tokens, text, update)
    if update is not (form == "UPDATE"):
        expected = "an update (INSERT, DELETE …)" if update else "a query (SELECT, ASK, CONSTRUCT or DESCRIBE)"
        raise _syntax(text, _first_keyword(tokens), f"This is {'a query' if update else 'an update'}, not {expected}.")
    check_shape(tokens, text, limits)
    searches = _services(tokens, text, search, update)
    _check_prefixes(tokens, text)
    mended, warnings = repairs(tokens)
    edits = tuple(sorted((*_unambiguous(tokens), *(Edit(*repair) for repair in mended))))
    unordered = form in ("SELECT", "ASK") and is_unordered(text)
    volatile = any(token.kind == "word" and token.text.upper() in _VOLATILE for token in tokens)
    return Guarded(
        text,
        _edited(text, edits),
        form,
        tokens=tuple(tokens),
        searches=searches,
        edits=edits,
        volatile=volatile,
        unordered=unordered,
        uses_base=uses_base(text),
        warnings=warnings,
    )


def check_length(text: str, limits: Limits) -> None:
    """Raises `QueryTooLarge`, and `QuerySyntax` for a text that cannot be encoded in UTF-8."""
    try:
        size = len(text) if len(text) > limits.text_bytes else len(text.encode())
    except UnicodeEncodeError as error:
        raise _syntax(text, error.start, "The query holds half a character (a lone surrogate).") from None
    if size > limits.text_bytes:
        raise QueryTooLarge(
            f"The query is {size:,} bytes long; {limits.text_bytes:,} are allowed.",
            "Shorten it, or split a long VALUES list over several queries.",
        )


def _first_keyword(tokens: list[Token]) -> Token | None:
    """The first token after the prologue (BASE, PREFIX); None where there is none."""
    index = 0
    while index < len(tokens) and tokens[index].kind == "word":
        word = tokens[index].text.upper()
        if word == "BASE" or word == "VERSION":
            index += 2
        elif word == "PREFIX":
            index += 3
        else:
            return tokens[index]
    return tokens[index] if index < len(tokens) else None


def _form(tokens: list[Token], text: str, update: bool) -> Form:
    first = _first_keyword(tokens)
    word = first.text.upper() if first is not None else ""
    if word in _QUERIES:
        return word  # type: ignore[return-value]  # one of the four
    if word in _UPDATES or (update and first is None):
        return "UPDATE"  # an update may hold nothing
    if first is None:
        raise _syntax(text, None, "The query is empty." if not tokens else "The query ends after its prefixes.")
    starts = (
        "an update starts with INSERT, DELETE, WITH, or CREATE, CLEAR, DROP, COPY, MOVE, ADD"
        if update
        else "a query starts with SELECT, ASK, CONSTRUCT or DESCRIBE"
    )
    raise _syntax(text, first, f"Unexpected ‘{first.text}’: {starts}.")


def _services(tokens: list[Token], text: str, search: bool, update: bool) -> tuple[SearchClause, ...]:
    clauses: list[SearchClause] = []
    depth = 0
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind == "punct":
            depth += (token.text == "{") - (token.text == "}")
        elif kind == "word":
            upper = token.text.upper()
            if "SERVICE" in upper:
                clauses.append(_search_clause(tokens, index, text, search, update))
            elif "LOAD" in upper:
                raise _refused(text, token, "LOAD is not run here: it would fetch from the network or from a file.")
        elif kind == "pname" and _hidden_call(tokens, index, depth):
            raise _refused(text, token, "SERVICE (or LOAD) is not run here: it would reach the network.")
    return tuple(clauses)


def _hidden_call(tokens: list[Token], index: int, depth: int) -> bool:
    """Whether a prefixed name can be read as a keyword followed by a name without a prefix: `SERVICE:x {`."""
    prefix = tokens[index].text.partition(":")[0].upper()
    before = tokens[index - 1] if index else None
    named = before is not None and before.kind == "word" and before.text.upper() != "SILENT"
    if "SERVICE" in prefix:
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        graph = before is not None and before.kind == "word" and before.text.upper() == "GRAPH"
        return depth > 0 and after == "{" and not graph
    return "LOAD" in prefix and depth == 0 and not named and before is not None and before.text[-1] in ";>"


def _search_clause(tokens: list[Token], index: int, text: str, search: bool, update: bool) -> SearchClause:
    """The clause that starts at `index`. Raises `QueryRefused` unless it is our own search and `search` is true.

    SILENT changes nothing: a clause that makes no sense is an error, and no search fails because of a network.
    """
    silent = index + 1 < len(tokens) and tokens[index + 1].text.upper() == "SILENT"
    begins = index + 2 + silent
    if tokens[index].text.upper() != "SERVICE" or not _is_search(tokens, begins - 1):
        raise _refused(text, tokens[index], "SERVICE is not run here: it would reach other machines.")
    if update:
        message = "A search clause works in queries only, not in updates."
        raise _refused(text, tokens[index], message, "Run it as a query, and write what it finds into the update.")
    if not search:
        message = f"SERVICE <{SEARCH_SERVICE}> is not available: this atlas has no search."
        raise _refused(text, tokens[index], message, "Leave it out.")
    depth = 0
    for place in range(begins, len(tokens)):
        depth += (tokens[place].text == "{") - (tokens[place].text == "}")
        if depth == 0:
            return SearchClause(tokens[index].start, tokens[place].end, tuple(tokens[begins + 1 : place]))
    raise _syntax(text, tokens[index], "This search clause does not end.")


def _is_search(tokens: list[Token], place: int) -> bool:
    """Whether the IRI of our own search stands at `place`, in full or as a prefixed name, followed by a brace."""
    pair = tokens[place : place + 2]
    if len(pair) < 2 or pair[0].kind not in ("iri", "pname") or pair[1].text != "{":
        return False
    return expanded(pair[0], prefixes(tokens) if pair[0].kind == "pname" else {}) == SEARCH_SERVICE


def _check_prefixes(tokens: list[Token], text: str) -> None:
    """Raise `QuerySyntax` for a prefix that is not declared. The engine would only report an unexpected token."""
    declared: set[str] = set()
    for index, token in enumerate(tokens):
        if token.kind != "pname":
            continue
        prefix = token.text.partition(":")[0]
        before = tokens[index - 1] if index else None
        if before is not None and before.kind == "word" and before.text.upper() == "PREFIX":
            declared.add(prefix)
        elif prefix not in declared:
            known = PREFIXES.get(prefix)
            if known is None and before is not None and before.text == "<" and before.end == token.start:
                raise _syntax(text, before, "This IRI does not end, or holds a space or a sign that no IRI may hold.")
            remedy = f"Add: PREFIX {prefix}: <{known}>" if known else f"Declare it: PREFIX {prefix}: <…>"
            raise _syntax(text, token, f"The prefix ‘{prefix}:’ is not declared.", remedy)


def _unambiguous(tokens: list[Token]) -> Iterator[Edit]:
    """Edits that escape `'` and `#` in each IRI that the engine could read as "less than" and something else."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "punct":
            depth += (token.text == "(") - (token.text == ")")
        elif token.kind == "iri" and depth > 0:
            before = tokens[index - 1]
            if before.kind in _OPERANDS or before.text in (")", "]", "}"):
                for offset, char in enumerate(token.text):
                    if char in "'#":
                        yield Edit(token.start + offset, token.start + offset + 1, char.translate(_RISKY))


def _edited(text: str, edits: tuple[Edit, ...]) -> str:
    last, parts = 0, list[str]()
    for edit in edits:
        parts += (text[last : edit.start], edit.text)
        last = edit.end
    return "".join((*parts, text[last:])) if parts else text


def _syntax(text: str, token: Token | int | None, message: str, remedy: str = "") -> QuerySyntax:
    offset = len(text) if token is None else token if isinstance(token, int) else token.start
    line, column = position(text, offset)
    return QuerySyntax(f"Line {line}, column {column}: {message}", remedy, line=line, column=column)


def _refused(
    text: str, token: Token, message: str, remedy: str = "Load that data into the atlas, then query it here."
) -> QueryRefused:
    line, column = position(text, token.start)
    return QueryRefused(f"Line {line}, column {column}: {message}", remedy)
