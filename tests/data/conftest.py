"""Starter atlas in memory: every claim in its source's graph, every accepted statement in the default graph."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.seed_data.load import Starter, load
from graph.vocabulary import PREFIXES
from tests.support.paths import ROOT

_ACCEPT = """
    INSERT { ?s ?p ?o } WHERE { GRAPH ?source {
        ?claim a ca:Claim ; ca:status ca:accepted ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o } }
"""


@pytest.fixture(scope="session")
def data() -> Path:
    return ROOT / "data"


@pytest.fixture(scope="session")
def facts_folder() -> Path:
    folder = ROOT.parent / "shared" / "facts"
    if not folder.is_dir():
        pytest.skip("the fact base (../shared/facts) is not here")
    return folder


@pytest.fixture(scope="session")
def starter(data: Path) -> Starter:
    return load(data)


@pytest.fixture(scope="session")
def atlas(starter: Starter) -> ox.Store:
    store = ox.Store()
    store.bulk_extend([*starter.facts, *starter.claims])
    store.update(_ACCEPT, prefixes=PREFIXES)
    return store
