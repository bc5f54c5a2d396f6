"""A sandboxed process that searches: `python -m search.workers.worker LIMITS OPENING GC_THRESHOLD`.

`search.workers.pool` starts it. It reads requests from standard input, a socket, sends a reply to each, and ends with
that stream.
"""

from __future__ import annotations

import gc
import json
import queue
import sys
import threading
from pathlib import Path
from typing import Any, Final

from graph.sandbox.enter import SandboxLimits, enter

if __name__ == "__main__":  # before anything else is imported
    enter(SandboxLimits.from_argument(sys.argv[1]))

from graph.deadline import Deadline
from graph.errors import AtlasError
from graph.sandbox.message_frames import BrokenStream, FrameChannel
from graph.sandbox.remote_error import RemoteError
from graph.storage.generations import Generation
from search.encoders.open_encoder import open_encoder
from search.encoders.protocol import Encoder
from search.encoders.reranker import CrossReranker, Reranker
from search.index.checksums import is_panic
from search.index.index import Index
from search.indexing.lag import mark_of, record_in
from search.results.serialise import answer
from search.searcher import Searcher
from search.workers.messages import (
    MAX_MESSAGE_BYTES,
    Body,
    Cancel,
    Crash,
    Found,
    Message,
    Ready,
    Reply,
    SearchRequest,
    Unopened,
)

__all__ = ["main"]

_EXIT_NO_PERMISSION: Final = 77


class _Searchers:
    """The searcher of the generation that was searched last; the same one as long as the index is the same."""

    def __init__(self, encoder: Encoder, reranker: Reranker | None) -> None:
        self._encoder, self._reranker = encoder, reranker
        self._path: str | None = None
        self._mark: object = None
        self._searcher: Searcher | None = None

    def open(self, path: str) -> Searcher:
        """Raises whatever keeps the index from being opened."""
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


class _Inbox:
    """Reads messages in a thread of its own, so that a search can be cancelled while it runs."""

    def __init__(self, channel: FrameChannel[Message]) -> None:
        self._channel = channel
        self._searches: queue.SimpleQueue[tuple[SearchRequest, Deadline] | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True, name="inbox").start()

    def next(self) -> tuple[SearchRequest, Deadline] | None:
        """The next search, with its deadline; None once the stream has ended."""
        return self._searches.get()

    def _read(self) -> None:
        number, deadline = 0, Deadline.never()
        while True:
            try:
                message = self._channel.receive()
            except (BrokenStream, OSError):
                self._searches.put(None)
                return
            match message:
                case SearchRequest():
                    number, deadline = message.number, Deadline.after(message.seconds)
                    self._searches.put((message, deadline))
                case Cancel() if message.number == number:
                    deadline.cancel()


def main(arguments: list[str]) -> int:
    """Serve until the stream ends.

    `arguments`: a JSON object with `model`, `cache` and `reranker`, and the number of new objects after which Python
    looks for cycles, here as in the process that started this one.
    """
    opening = json.loads(arguments[0])
    channel = FrameChannel[Message](Message, reading=0, writing=0, max_bytes=MAX_MESSAGE_BYTES)  # type: ignore[arg-type]
    gc.set_threshold(int(arguments[1]))
    encoder = open_encoder(opening["model"], Path(opening["cache"]))
    encoder.encode(["warm"])
    reranker = CrossReranker(opening["reranker"]) if opening["reranker"] else None
    searchers = _Searchers(encoder, reranker)
    inbox = _Inbox(channel)
    channel.send(Ready())
    while (search := inbox.next()) is not None:
        channel.send(_reply(searchers, *search))
    return 0


def _reply(searchers: _Searchers, request: SearchRequest, deadline: Deadline) -> Reply:
    try:
        searcher = searchers.open(request.generation)
    except BaseException as error:
        if _lacks_permission(error):
            # The sandbox knows the folder of the atlas by its inode: it was replaced, and a new worker can open it.
            sys.exit(_EXIT_NO_PERMISSION)
        return Unopened(str(error)[:200])
    try:
        results = searcher.search(request.query, deadline)
        return Body(answer(results)) if request.as_body else Found(results)
    except AtlasError as error:
        return RemoteError.of(error)
    except BaseException as error:  # a panic over a damaged file is no Exception
        return Crash(f"{type(error).__name__}: {error}"[:500], is_panic(error))


def _lacks_permission(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, PermissionError):
        error = error.__cause__ or error.__context__
    return error is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
