"""SHACL over the accepted facts (W3C SHACL, 2017), by pyshacl."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from graph.storage.snapshot import DEFAULT, Snapshot

__all__ = ["ValidationReport", "validate"]


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """`violations` are one sentence each, sorted; `checked` counts the triples that were looked at."""

    violations: tuple[str, ...]
    checked: int


def validate(snapshot: Snapshot, shapes: Path) -> ValidationReport:
    """Check the default graph against a Turtle file of shapes. Takes seconds: for checks, not for requests."""
    import rdflib
    from pyshacl import validate as shacl
    from rdflib.namespace import SH

    triples = [
        ox.Triple(quad.subject, quad.predicate, quad.object)
        for quad in snapshot.store.quads_for_pattern(None, None, None, DEFAULT)
    ]
    body = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert body is not None  # noqa: S101  bytes come back where no output is given
    # On this store pyshacl takes 3 s for the starter atlas; on rdflib's own a minute.
    data = rdflib.Graph(store="Oxigraph").parse(data=body, format="nt")
    shapes_graph = rdflib.Graph().parse(shapes)
    _, report, _ = shacl(data, shacl_graph=shapes_graph, inference="none", advanced=True, inplace=True)
    found = []
    for result in report.subjects(rdflib.RDF.type, SH.ValidationResult):
        focus, path = report.value(result, SH.focusNode), report.value(result, SH.resultPath)
        message = report.value(result, SH.resultMessage)
        found.append(f"{focus}{f' {path}' if path else ''}: {message}")
    return ValidationReport(tuple(sorted(found)), len(data))
