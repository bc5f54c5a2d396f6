"""Searches of one generation's index: entities named in the query are linked, errors are translated for the client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from graph.deadline import Deadline
from graph.errors import AtlasError, IndexUnusable
from graph.linking.entity_names import build_gazetteer, linked_in
from search.index.checksums import is_panic
from search.query.field_filters import without_exclusions
from search.results.serialise import answer
from search.searcher import MAX_SEARCH_SECONDS, Searcher
from search.types import Completion, Hit, Kind, Query, Results
from web.read_model.live_generation import View

__all__ = ["IndexSearch"]


@dataclass(frozen=True, slots=True)
class IndexSearch:
    """Searches over the index of a view. `open_searcher` gives the view's searcher, opened once.

    `run_search` is given a generation's directory, a query, a function that searches in this process, and the deadline
    of both; it may have another process search instead. `run_search_json` does the same for the JSON of the API.

    `report_damage` receives the error of an unusable index and returns the error for the client. `diagnose` hears of
    any other error raised while an index was read; it returns None where neither index nor graph is the cause.
    """

    open_searcher: Callable[[View], Searcher]
    run_search: Callable[[Path, Query, Callable[[], Results], Deadline], Results] = lambda _, __, here, ___: here()
    run_search_json: Callable[[Path, Query, Callable[[], bytes], Deadline], bytes] = lambda _, __, here, ___: here()
    report_damage: Callable[[IndexUnusable], IndexUnusable] = lambda error: error
    diagnose: Callable[[BaseException], AtlasError | None] = lambda error: None

    def search(self, view: View, query: Query, deadline: Deadline | None = None) -> Results:
        """Raises `graph.errors.IndexUnusable`, or `InputError` for filters that make no sense.

        Raises `QueryTimeout` once the deadline has passed, `QueryCancelled` once it is cancelled.
        """
        deadline = deadline or Deadline.after(MAX_SEARCH_SECONDS)
        with self._translated_errors():
            linked = _linked(view, query, deadline)
            return self.run_search(
                view.generation.path, linked, lambda: self.open_searcher(view).search(linked, deadline), deadline
            )

    def search_json(self, view: View, query: Query, deadline: Deadline | None = None) -> bytes:
        """As `search`, in the JSON of the API."""
        deadline = deadline or Deadline.after(MAX_SEARCH_SECONDS)
        with self._translated_errors():
            linked = _linked(view, query, deadline)
            return self.run_search_json(
                view.generation.path,
                linked,
                lambda: answer(self.open_searcher(view).search(linked, deadline)),
                deadline,
            )

    def similar(
        self, view: View, iri: str, limit: int, kind: Kind | None, *, deadline: Deadline | None = None
    ) -> tuple[Hit, ...]:
        """The nearest by their texts. Raises `graph.errors.UnknownEntity` where nothing is indexed under `iri`."""
        with self._translated_errors():
            return self.open_searcher(view).similar(iri, limit, kind, deadline=deadline)

    def complete(
        self, view: View, prefix: str, limit: int, *, deadline: Deadline | None = None
    ) -> tuple[Completion, ...]:
        """Entities with a name that starts with the prefix."""
        with self._translated_errors():
            return self.open_searcher(view).complete(prefix, limit, deadline)

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except IndexUnusable as error:
            raise self.report_damage(error) from error
        except AtlasError:
            raise
        except BaseException as error:
            damage = self.diagnose(error) if isinstance(error, Exception) or is_panic(error) else None
            if damage is None:
                raise
            raise damage from error


def _linked(view: View, query: Query, deadline: Deadline) -> Query:
    """The query with the entities that its text names. To read the names of all entities may take seconds."""
    gazetteer = view.as_indexed("gazetteer", lambda v: build_gazetteer(v.snapshot))
    deadline.check()
    entities = linked_in(without_exclusions(query.text), gazetteer)
    return replace(query, entities=entities) if entities else query
