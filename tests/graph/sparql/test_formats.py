"""Formats and datasets of requests."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.formats import FORMATS, GRAPHS, RESULTS, by_media_type, by_name, offered


def test_formats_are_known_to_the_engine_and_by_their_names() -> None:
    for form in FORMATS:
        engine = ox.QueryResultsFormat if form.kind == "bindings" else ox.RdfFormat
        known = engine.from_media_type(form.media_type)
        assert known is not None
        assert form.media_type in known.media_type
        among = offered("SELECT") if form in RESULTS else GRAPHS if form in GRAPHS else FORMATS
        for name in (form.name, form.name.upper(), form.extension, *form.names, form.media_type, *form.aliases):
            assert by_name(name, among) is form
        assert by_media_type(f"{form.media_type}; charset=utf-8", among) is form
    assert by_name("docx") is None


def test_dataset_arguments() -> None:
    assert WHOLE.arguments() == {}
    named = ox.NamedNode("u:a")
    assert Dataset.of(named=["u:a", "u:a"]).arguments() == {"default_graph": [], "named_graphs": [named]}
    with pytest.raises(ValueError, match=r".+"):
        Dataset.of(["not an iri"]).arguments()
