"""Composition root: makes the services of the site and the commands from settings.

Each service, with its modules, is loaded at its first use, so a command pays only for what it needs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from graph.errors import AtlasError
from graph.storage.generations import Home
from graph.write.writer import Progress, Session, Writer
from web.read_model.live_directory import LiveDirectory
from web.read_model.live_generation import Live, View
from web.settings import Settings, starter_folder

if TYPE_CHECKING:
    from graph.sparql.pool.pool import QueryPool
    from search.encoders.protocol import Encoder
    from search.encoders.reranker import Reranker
    from search.searcher import Searcher
    from search.workers.pool import SearchProcessPool
    from web.maintenance.graph_scrubber import GraphScrubber
    from web.maintenance.index_follower import IndexFollower
    from web.maintenance.index_repair import IndexRebuilder
    from web.maintenance.index_scrubber import IndexScrubber
    from web.read_model.live_reader import LiveAtlas
    from web.read_model.reader import QueryTable, Slice
    from web.writer_process.service import Writes

__all__ = ["Services", "compose"]


@dataclass(frozen=True)
class Services:
    """The services of the site and the commands, each made at its first use."""

    settings: Settings
    repairs_index: bool = False
    """Whether an unusable index is rebuilt in the background: for servers."""

    @cached_property
    def home(self) -> Home:
        return Home(self.settings.home)

    @cached_property
    def live(self) -> Live:
        return Live(self.home, on_opened=self.graph_scrubber.notify if self.repairs_index else lambda: None)

    @cached_property
    def graph_scrubber(self) -> GraphScrubber:
        """Verifies the files of the graph while a server uses them, and explains the faults that requests meet."""
        from web.maintenance.graph_scrubber import GraphScrubber

        return GraphScrubber(self.home)

    @cached_property
    def live_directory(self) -> LiveDirectory:
        return LiveDirectory(self.home)

    @cached_property
    def pool(self) -> QueryPool:
        from graph.sparql.limits import Limits
        from graph.sparql.pool.pool import QueryPool
        from web.sparql.search_service import clause_search

        workers = self.settings.query_workers
        # Three slow queries for each worker: one without a slot starts again later, and its work so far is lost.
        limits = Limits(timeout=self.settings.query_timeout, workers=workers, slow=3 * workers)
        return QueryPool(limits, search=clause_search(self.live, lambda: self.atlas), open_store=self.live.store)

    @cached_property
    def encoder(self) -> Callable[[], Encoder]:
        """The encoder for search queries: one thread, loaded at the first call."""
        return _once(lambda: _open(self.settings, threads=1))

    @cached_property
    def atlas(self) -> LiveAtlas:
        from web.maintenance.index_repair import index_damage
        from web.read_model.index_search import IndexSearch
        from web.read_model.live_reader import LiveAtlas

        scrubber = self.index_scrubber

        def diagnose(error: BaseException) -> AtlasError | None:
            fault = self.graph_scrubber.diagnose(error)  # a search reads names from the graph
            if fault is not None:
                return fault
            return scrubber.diagnose(error) if scrubber else index_damage(error, self.home)

        index = IndexSearch(
            open_searcher=self._searcher,
            run_search=self.search_pool.search,
            run_search_json=self.search_pool.answer,
            report_damage=scrubber.repair if scrubber else lambda error: error,
            diagnose=diagnose,
        )
        return LiveAtlas(
            live=self.live,
            index=index,
            run_query=self._run_table,
            queries=starter_folder() / "queries",
            base=self.settings.base,
        )

    @cached_property
    def index_scrubber(self) -> IndexScrubber | None:
        """Verifies the index files while a server uses them; None for commands."""
        from web.maintenance.index_scrubber import IndexScrubber

        return IndexScrubber(self.home, self.index_rebuilder) if self.repairs_index else None

    @cached_property
    def index_rebuilder(self) -> IndexRebuilder:
        from web.maintenance.index_repair import IndexRebuilder

        return IndexRebuilder(self.settings)

    @cached_property
    def search_pool(self) -> SearchProcessPool:
        """Runs searches; its processes start when two searches come at once."""
        from search.workers.pool import SearchProcessPool

        settings = self.settings
        opening = {"model": settings.model, "cache": str(settings.cache), "reranker": settings.reranker}
        return SearchProcessPool(settings.search_processes, opening)

    def _run_table(self, view: View, query: str, query_id: str, part: Slice, client: str | None) -> QueryTable:
        from web.read_model.query_table import run_table
        from web.sparql.search_service import explain

        return run_table(
            self.pool, view, query, query_id=query_id, part=part, explain=partial(explain, view), client=client
        )

    @cached_property
    def writes(self) -> Writes:
        """The write side of the HTTP service; the search index follows each write in the background."""
        from web.writer_process.service import WriteLimits, Writes

        settings = self.settings
        limits = WriteLimits(
            timeout=settings.query_timeout, term_bytes=settings.max_term_bytes, max_removed=settings.max_removed
        )
        return Writes(self.home, limits, then=self._after_write, check=self.graph_scrubber.require_sound)

    def _after_write(self) -> None:
        self.live_directory.expire()
        self.follower.notify()

    @cached_property
    def follower(self) -> IndexFollower:
        from web.maintenance.index_follower import IndexFollower

        return IndexFollower(self._catch_up)

    def _catch_up(self) -> bool:
        """One step of the index towards the graph, with the encoder of the searches. Returns whether there is more."""
        from search.indexing.catch_up import catch_up_outside_lock
        from search.indexing.indexer import SearchIndexer

        self.graph_scrubber.require_sound()
        indexer = SearchIndexer(self.encoder)

        @contextmanager
        def session() -> Iterator[Session]:
            with self.writes.turn(), Writer(self.home, indexer, create=False).session() as session:
                yield session

        return catch_up_outside_lock(self.home, indexer, session)

    def close(self) -> None:
        """End the threads and processes of the services: searches, queries, writer, index follower."""
        if self.index_scrubber:
            self.index_scrubber.close()
        self.graph_scrubber.close()
        self.search_pool.close()
        self.follower.close()
        self.writes.close()
        self.pool.close()

    def writer(self, progress: Progress, *, strict: bool = False) -> Writer:
        """The writer of a command; its encoder uses every core. `strict`: see `search.indexing.indexer`."""
        from search.indexing.indexer import SearchIndexer

        def encoder() -> Encoder:
            progress("loading the encoder", 0, 0)
            return _open(self.settings, threads=0)

        return Writer(self.home, SearchIndexer(_once(encoder), strict=strict))

    def warm(self) -> None:
        """Start the query workers and load the encoder in the background, so that the first request is quick."""
        self.pool.warm()
        threading.Thread(target=self._warm_search, daemon=True, name="warm").start()

    def _warm_search(self) -> None:
        from search.types import Query

        try:
            self.atlas.now().overview()
            self.encoder().encode(["warm"])
            self.atlas.search(Query("warm"))  # reads the names of all entities: seconds where there are many
        except AtlasError as error:  # requests report it as well
            logging.getLogger(__name__).warning("the search is not ready: %s", error)

    def _searcher(self, view: View) -> Searcher:
        return view.as_indexed("searcher", self._open_searcher)

    def _open_searcher(self, view: View) -> Searcher:
        from search.index.index import Index
        from search.indexing.lag import record_in
        from search.searcher import Searcher

        index = Index.open(view.generation.path, record_in(view.manifest))
        if self.index_scrubber:
            self.index_scrubber.notify()
        return Searcher(index, self.encoder, self.reranker, self.search_pool.is_quiet)

    @cached_property
    def reranker(self) -> Reranker | None:
        """The model that reranks the first results, where the settings name one."""
        if self.settings.reranker is None:
            return None
        from search.encoders.reranker import CrossReranker

        return CrossReranker(self.settings.reranker)


def compose(settings: Settings, *, repairs_index: bool = False) -> Services:
    """Services over the atlas of the settings; nothing is opened yet."""
    return Services(settings, repairs_index)


def _open(settings: Settings, threads: int) -> Encoder:
    import os

    from search.encoders.open_encoder import open_encoder

    return open_encoder(settings.model, settings.cache, threads=threads or os.cpu_count() or 1)


def _once(make: Callable[[], Encoder]) -> Callable[[], Encoder]:
    """A function that calls `make` once, whatever the number of threads, and returns its encoder."""
    lock = threading.Lock()
    encoders: list[Encoder] = []

    def get() -> Encoder:
        with lock:
            if not encoders:
                encoders.append(make())
            return encoders[0]

    return get
