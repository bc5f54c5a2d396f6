"""A process that searches for another: `python -m search.workers.worker`, started by `search.workers.pool`.

It is sent the path of a generation, a query, and whether to send the results or the answer of the API; None where it
cannot, for whatever reason: who asked tries it then, and meets the error where it is dealt with. It ends when the other
side of its connection does.
"""

from __future__ import annotations

import gc
import json
import logging
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from graph.storage.generations import Generation
from search.encoders.open import open_encoder
from search.encoders.protocol import Encoder
from search.encoders.reranker import CrossReranker, Reranker
from search.index.index import Index
from search.indexing.lag import mark_of, record_in
from search.results.serialise import answer
from search.searcher import Searcher

__all__ = ["main"]

_CYCLES: Final = 50_000  # as in the server


class _Searchers:
    """The searcher of the generation that was asked for last; the same one as long as the index is the same."""

    def __init__(self, encoder: Encoder, reranker: Reranker | None) -> None:
        self._encoder, self._reranker = encoder, reranker
        self._path: str | None = None
        self._mark: object = None
        self._searcher: Searcher | None = None

    def of(self, path: str) -> Searcher:
        if self._searcher is None or path != self._path:
            generation = Generation(Path(path))
            manifest: dict[str, Any] = generation.manifest()
            mark = mark_of(manifest)
            if self._searcher is None or mark != self._mark:
                index = Index.open(generation.path, record_in(manifest))
                self._searcher = Searcher(index, lambda: self._encoder, self._reranker, lambda: False)
                self._mark = mark
            self._path = path
        return self._searcher


def main(arguments: list[str]) -> int:
    """`arguments`: the number of the connection's descriptor; a JSON object with `model`, `cache` and `reranker`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's, for the server
    connection, opening = Connection(int(arguments[0])), json.loads(arguments[1])
    gc.set_threshold(_CYCLES)
    encoder = open_encoder(opening["model"], Path(opening["cache"]))
    encoder.encode(["warm"])
    reranker = CrossReranker(opening["reranker"]) if opening["reranker"] else None
    searchers = _Searchers(encoder, reranker)
    connection.send("ready")
    while True:
        try:
            path, query, as_answer = connection.recv()
        except EOFError:
            return 0
        try:
            results = searchers.of(path).search(query)
            found = answer(results) if as_answer else results
        except BaseException:  # told where it happens again; a panic over a damaged file is no Exception
            logging.getLogger(__name__).debug("a search failed", exc_info=True)
            found = None
        connection.send(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
