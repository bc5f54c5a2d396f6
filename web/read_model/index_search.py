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
from search.searcher import Searcher
from search.types import Completion, Hit, Kind, Query, Results
from web.read_model.live_generation import View

__all__ = ["IndexSearch"]


@dataclass(frozen=True, slots=True)
class IndexSearch:
    """Searches over the index of a view. `open_searcher` gives the view's searcher, opened once.

    `run_search` is given a generation's directory, a query and a function that searches in this process; it may have
    another process search instead. `run_search_json` does the same for the JSON of the API.

    `report_damage` receives the error of an unusable index and returns the error for the client. `diagnose` hears of
    any other error raised while an index was read; it returns None where the index is not the cause.
    """

    open_searcher: Callable[[View], Searcher]
    run_search: Callable[[Path, Query, Callable[[], Results]], Results] = lambda generation, query, here: here()
    run_search_json: Callable[[Path, Query, Callable[[], bytes]], bytes] = lambda generation, query, here: here()
    report_damage: Callable[[IndexUnusable], IndexUnusable] = lambda error: error
    diagnose: Callable[[BaseException], IndexUnusable | None] = lambda error: None

    def search(self, view: View, query: Query, deadline: Deadline | None = None) -> Results:
        """Raises `graph.errors.IndexUnusable`, or `InputError` for filters that make no sense.

        With a deadline the search runs in this process, where it can be ended; it then raises `QueryTimeout` or
        `QueryCancelled`.
        """
        linked = _linked(view, query)
        with self._translated_errors():
            if deadline is not None:
                return self.open_searcher(view).search(linked, deadline)
            return self.run_search(view.generation.path, linked, lambda: self.open_searcher(view).search(linked))

    def search_json(self, view: View, query: Query) -> bytes:
        """As `search`, in the JSON of the API."""
        linked = _linked(view, query)
        with self._translated_errors():
            return self.run_search_json(
                view.generation.path, linked, lambda: answer(self.open_searcher(view).search(linked))
            )

    def similar(self, view: View, iri: str, limit: int, kind: Kind | None) -> tuple[Hit, ...]:
        """The nearest by their texts. Raises `graph.errors.UnknownEntity` where nothing is indexed under `iri`."""
        with self._translated_errors():
            return self.open_searcher(view).similar(iri, limit, kind)

    def complete(self, view: View, prefix: str, limit: int) -> tuple[Completion, ...]:
        """Entities with a name that starts with the prefix."""
        with self._translated_errors():
            return self.open_searcher(view).complete(prefix, limit)

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


def _linked(view: View, query: Query) -> Query:
    """The query with the entities that its text names."""
    gazetteer = view.as_indexed("gazetteer", lambda v: build_gazetteer(v.snapshot))
    entities = linked_in(without_exclusions(query.text), gazetteer)
    return replace(query, entities=entities) if entities else query
