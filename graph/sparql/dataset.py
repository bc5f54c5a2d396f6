"""Dataset of a request: its `default-graph-uri` and `named-graph-uri` in the SPARQL 1.1 Protocol (§2.1.4).

When a request names any graph, its dataset replaces the FROM clauses of the query. The default graph is then the
merge of the default graphs named, and empty where only named graphs are given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyoxigraph import NamedNode

__all__ = ["WHOLE", "Dataset"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Graph IRIs in the order given. Both empty: the store's own dataset, or that of the query's FROM clauses.

    >>> Dataset.of(["http://example.org/a"]).given, WHOLE.given
    (True, False)
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @classmethod
    def of(cls, default: Iterable[str] = (), named: Iterable[str] = ()) -> Dataset:
        """A dataset without repetitions: a graph merged with itself is itself."""
        return cls(tuple(dict.fromkeys(default)), tuple(dict.fromkeys(named)))

    @property
    def given(self) -> bool:
        """Whether the request names a graph, and so overrides FROM."""
        return bool(self.default or self.named)

    def arguments(self) -> dict[str, list[NamedNode]]:
        """Keyword arguments for `pyoxigraph.Store.query`. Raises ValueError on an IRI that is not absolute.

        Both are always passed together: `named_graphs` alone leaves the store's default graph visible.
        """
        if not self.given:
            return {}
        from pyoxigraph import NamedNode

        return {
            "default_graph": [NamedNode(iri) for iri in self.default],
            "named_graphs": [NamedNode(iri) for iri in self.named],
        }


WHOLE: Final = Dataset()
"""No graph is named: the store's default graph, and every named graph."""
