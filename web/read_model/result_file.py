"""Answers on file: what a query gave, line by line, so that its pages and orders cost no second run.

The SPARQL page shows a hundred rows of an answer at a time. A SELECT is asked for as TSV (SPARQL 1.1 Query Results TSV
Format), a CONSTRUCT as N-Triples: in both, a row is a line, so a page is read from the file without reading the rest.
Parsing a hundred thousand rows for each page took eight seconds of processor time; now it takes none.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import weakref
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, cast

import pyoxigraph as ox

from graph.sparql.result import QueryResult

__all__ = ["GRAPH_COLUMNS", "Answer", "Answers", "Key"]

GRAPH_COLUMNS: Final = ("subject", "predicate", "object")

_KEPT: Final = 4
_KEPT_BYTES: Final = 96 << 20
"""Of one answer; a larger one is run again for each page."""

_TRIPLE: Final = re.compile(rb"(\S+) (\S+) (.+) \.$", re.DOTALL)

Key = tuple[int, float, str]
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None


class Answer:
    """The rows of one answer. `ms`: how long the engine took. Safe to share between threads."""

    def __init__(self, result: QueryResult) -> None:
        self.ms = result.ms
        self.size = result.size
        self.again = result.fingerprint is None
        """Whether the query answers differently the next time (RAND, NOW …)."""
        self.searches = result.searches
        """The rows that were put into the query's search clauses."""
        self._tsv = result.kind == "bindings"
        self._orders: dict[tuple[str, bool], array[int]] = {}
        with tempfile.TemporaryFile(prefix="atlas-answer-") as file:
            ends = array("Q", _written(result.chunks(), file.write))
            file.flush()
            self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)
        self._header = self._read(0, ends[0]).rstrip(b"\n") if self._tsv and ends else b""
        self._starts = ends if self._tsv else array("Q", [0, *ends])
        names = self._header.decode().split("\t") if self._header.strip() else []
        self.columns = tuple(name[1:] for name in names) if self._tsv else GRAPH_COLUMNS

    def __len__(self) -> int:
        return max(0, len(self._starts) - 1)

    def page(self, rows: Sequence[int]) -> list[tuple[Term, ...]]:
        """The terms of some rows, None where a variable is unbound."""
        lines = [self._line(at) for at in rows]
        if not self._tsv:
            return [tuple(quad.triple) for line in lines for quad in ox.parse(line, ox.RdfFormat.N_TRIPLES)]
        if len(self.columns) > 1:
            return list(self._solutions(lines))
        # The parser takes the empty line of an only column that is unbound for no row at all.
        return [next(self._solutions([line]), (None,) * len(self.columns)) for line in lines]

    def _solutions(self, lines: Iterable[bytes]) -> Iterator[tuple[Term, ...]]:
        text = b"\n".join((self._header, *lines, b""))
        solutions = cast("ox.QuerySolutions", ox.parse_query_results(text, ox.QueryResultsFormat.TSV))
        return (tuple(row[name] for name in self.columns) for row in solutions)

    def order(self, column: str, down: bool, key: Callable[[Iterable[bytes]], dict[bytes, Key | None]]) -> array[int]:
        """The rows by a column. `key` is handed the distinct cells, as they are written; None comes last either way."""
        if (column, down) not in self._orders:
            cells = self._column(self.columns.index(column))
            keys = key(set(cells))
            bound = [at for at, cell in enumerate(cells) if keys[cell] is not None]
            bound.sort(key=lambda at: keys[cells[at]], reverse=down)  # type: ignore[arg-type, return-value]
            unbound = [at for at, cell in enumerate(cells) if keys[cell] is None]
            self._orders[column, down] = array("L", bound + unbound)
        return self._orders[column, down]

    def _column(self, number: int) -> list[bytes]:
        lines = self._read(self._starts[0], self._starts[-1]).split(b"\n")[: len(self)] if len(self) else []
        if self._tsv:
            return [line.split(b"\t")[number] for line in lines]
        return [found[number + 1] if (found := _TRIPLE.match(line)) else b"" for line in lines]

    def _line(self, at: int) -> bytes:
        return self._read(self._starts[at], self._starts[at + 1]).rstrip(b"\n")

    def _read(self, start: int, end: int) -> bytes:
        parts = []
        while start < end and (part := os.pread(self._descriptor, end - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)


class Answers:
    """The last few answers of one generation, by query."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, query: str) -> Answer | None:
        with self._lock:
            if query in self._held:
                self._held.move_to_end(query)
            return self._held.get(query)

    def keep(self, query: str, answer: Answer) -> None:
        if answer.size > _KEPT_BYTES:
            return
        with self._lock:
            self._held[query] = answer
            while len(self._held) > _KEPT:
                self._held.popitem(last=False)


def _written(chunks: Iterable[bytes], write: Callable[[bytes], object]) -> Iterator[int]:
    """Write the chunks; gives the place after each line."""
    before = 0
    last = b"\n"
    for chunk in chunks:
        write(chunk)
        for found in re.finditer(rb"\n", chunk):
            yield before + found.end()
        before += len(chunk)
        last = chunk[-1:] or last
    if last != b"\n":
        yield before
