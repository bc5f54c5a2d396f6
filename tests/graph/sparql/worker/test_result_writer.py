"""RowCounter: the rows of a result counted from its bytes."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.sparql.formats import RESULTS
from graph.sparql.worker.result_writer import RowCounter

NASTY = st.text(st.sampled_from('ab"\\{}[],:\n\r\t <>&;£🎭'), max_size=8)
ROWS = st.lists(st.lists(st.none() | NASTY, min_size=2, max_size=2), max_size=12)


@settings(deadline=None)
@given(ROWS, st.sampled_from(RESULTS), st.integers(1, 9) | st.just(100_000))
def test_rows_are_counted_whatever_they_hold_and_however_they_are_cut(
    rows: list[list[str | None]], form: object, width: int
) -> None:
    values = " ".join("(" + " ".join("UNDEF" if v is None else str(ox.Literal(v)) for v in row) + ")" for row in rows)
    results = ox.Store().query(f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {values} }} }}")
    kind = ox.QueryResultsFormat.from_media_type(form.media_type)  # type: ignore[attr-defined]
    body = results.serialize(format=kind)  # type: ignore[union-attr]
    assert body is not None
    counter = RowCounter(form.name)  # type: ignore[attr-defined]
    for start in range(0, len(body), width):
        counter.add(body[start : start + width])
    assert counter.rows == len(rows)


def test_rows_without_variables() -> None:
    body = ox.Store().query("SELECT * { VALUES () { () () } }").serialize(format=ox.QueryResultsFormat.JSON)  # type: ignore[union-attr]
    assert body is not None
    counter = RowCounter("json")
    assert counter.add(body) == 2
