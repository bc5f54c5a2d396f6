"""Query results on file, a row on each line, so that further pages and orders of a result cost no second run.

The SPARQL page shows a hundred rows of a result at a time. A SELECT is asked for as TSV (SPARQL 1.1 Query Results TSV
Format), a CONSTRUCT as N-Triples: in both, a row is a line, so a page is read from the file without reading the rest.
To parse a hundred thousand rows for each page took eight seconds of processor time; this takes none.
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

__all__ = ["GRAPH_COLUMNS", "ResultFile", "ResultFiles", "SortKey"]

GRAPH_COLUMNS: Final = ("subject", "predicate", "object")

MAX_FILES: Final = 4
"""Results kept for one generation."""

MAX_FILE_BYTES: Final = 96 << 20
"""Size of a result that is kept; a larger one is run again for each page."""

_TRIPLE: Final = re.compile(rb"(\S+) (\S+) (.+) \.$", re.DOTALL)

SortKey = tuple[int, float, str]
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None


class ResultFile:
    """The rows of one result. `ms`: how long the engine took. Safe to share between threads."""

    def __init__(self, result: QueryResult) -> None:
        self.ms = result.ms
        self.size = result.size
        self.is_volatile = result.fingerprint is None
        """Whether the query gives another result the next time (RAND, NOW …)."""
        self.searches = result.searches
        """The rows that took the place of the query's search clauses."""
        self._is_tsv = result.kind == "bindings"
        self._orders: dict[tuple[str, bool], array[int]] = {}
        with tempfile.TemporaryFile(prefix="atlas-result-") as file:
            line_ends = array("Q", _write(result.chunks(), file.write))
            file.flush()
            self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)
        self._header = self._read(0, line_ends[0]).rstrip(b"\n") if self._is_tsv and line_ends else b""
        self._starts = line_ends if self._is_tsv else array("Q", [0, *line_ends])
        names = self._header.decode().split("\t") if self._header.strip() else []
        self.columns = tuple(name[1:] for name in names) if self._is_tsv else GRAPH_COLUMNS

    def __len__(self) -> int:
        return max(0, len(self._starts) - 1)

    def page(self, rows: Sequence[int]) -> list[tuple[Term, ...]]:
        """The terms of some rows, None where a variable is unbound."""
        lines = [self._line(row) for row in rows]
        if not self._is_tsv:
            return [tuple(quad.triple) for line in lines for quad in ox.parse(line, ox.RdfFormat.N_TRIPLES)]
        if len(self.columns) > 1:
            return list(self._solutions(lines))
        # The parser takes the empty line of an only column that is unbound for no row at all.
        return [next(self._solutions([line]), (None,) * len(self.columns)) for line in lines]

    def _solutions(self, lines: Iterable[bytes]) -> Iterator[tuple[Term, ...]]:
        text = b"\n".join((self._header, *lines, b""))
        solutions = cast("ox.QuerySolutions", ox.parse_query_results(text, ox.QueryResultsFormat.TSV))
        return (tuple(row[name] for name in self.columns) for row in solutions)

    def order(
        self, column: str, descending: bool, keys_of: Callable[[Iterable[bytes]], dict[bytes, SortKey | None]]
    ) -> array[int]:
        """Row numbers sorted by a column. `keys_of` maps distinct cells, as the file has them, to keys.

        Cells with the key None come last in either direction.
        """
        if (column, descending) not in self._orders:
            cells = self._column(self.columns.index(column))
            keys = keys_of(set(cells))
            bound = [row for row, cell in enumerate(cells) if keys[cell] is not None]
            bound.sort(key=lambda row: keys[cells[row]], reverse=descending)  # type: ignore[arg-type, return-value]
            unbound = [row for row, cell in enumerate(cells) if keys[cell] is None]
            self._orders[column, descending] = array("L", bound + unbound)
        return self._orders[column, descending]

    def _column(self, number: int) -> list[bytes]:
        lines = self._read(self._starts[0], self._starts[-1]).split(b"\n")[: len(self)] if len(self) else []
        if self._is_tsv:
            return [line.split(b"\t")[number] for line in lines]
        return [triple[number + 1] if (triple := _TRIPLE.match(line)) else b"" for line in lines]

    def _line(self, row: int) -> bytes:
        return self._read(self._starts[row], self._starts[row + 1]).rstrip(b"\n")

    def _read(self, start: int, end: int) -> bytes:
        parts = []
        while start < end and (part := os.pread(self._descriptor, end - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)


class ResultFiles:
    """Cache of the last few results of one generation, by query."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, ResultFile] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, query: str) -> ResultFile | None:
        with self._lock:
            if query in self._files:
                self._files.move_to_end(query)
            return self._files.get(query)

    def keep(self, query: str, file: ResultFile) -> None:
        """Keep a result, unless it is too large, in place of the one that was used longest ago."""
        if file.size > MAX_FILE_BYTES:
            return
        with self._lock:
            self._files[query] = file
            while len(self._files) > MAX_FILES:
                self._files.popitem(last=False)


def _write(chunks: Iterable[bytes], write: Callable[[bytes], object]) -> Iterator[int]:
    """Write the chunks; yields the offset after each line."""
    offset = 0
    last = b"\n"
    for chunk in chunks:
        write(chunk)
        for newline in re.finditer(rb"\n", chunk):
            yield offset + newline.end()
        offset += len(chunk)
        last = chunk[-1:] or last
    if last != b"\n":
        yield offset
