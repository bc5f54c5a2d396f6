"""Reading and rewriting of updates: each text that goes in, and the text or the graphs that come out."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.errors import QuerySyntax
from graph.sparql.dataset import Dataset
from graph.sparql.limits import Limits
from graph.sparql.syntax.guard import Guarded, guard
from graph.sparql.syntax.update_rewrite import (
    as_insertions,
    only_data,
    whole_graphs,
    with_dataset,
    without_silent_loads,
)
from graph.storage.snapshot import DEFAULT

DATASET = Dataset(default=("u:g", "u:h"), named=("u:n",))
CLAUSES = "USING <u:g> USING <u:h> USING NAMED <u:n> "
PREFIX = "PREFIX u: <u:> "


def guarded(text: str) -> Guarded:
    return guard(text, Limits(), update=True)


@pytest.mark.parametrize(
    "load",
    [
        "LOAD SILENT <http://e/>",
        "load silent e:a",
        "LOAD SILENT <http://e/> INTO GRAPH <u:g>",
        "LOAD SILENT e:a into graph e:g",
    ],
)
def test_a_silent_load_becomes_nothing_of_the_same_length(load: str) -> None:
    nothing = "INSERT DATA {}".ljust(len(load))
    assert without_silent_loads(f"CLEAR ALL ; {load} ; # end", 100) == f"CLEAR ALL ; {nothing} ; # end"
    assert without_silent_loads(f"{load};{load}", 100) == f"{nothing};{nothing}"


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <http://e/>",
        "LOAD",
        "LOAD SILENT",
        "LOAD SILENT 'a'",
        "LOAD SILENT <http://e/> INTO",
        "LOAD SILENT <http://e/> INTO GRAPH",
        "LOAD SILENT <http://e/> INTO GRAPH 'g'",
        "LOAD SILENT <http://e/> INTO <u:g>",
        "INSERT DATA { LOAD SILENT <http://e/> }",
        "CLEAR ( LOAD SILENT <http://e/> )",
        "CLEAR [ LOAD SILENT <http://e/> ]",
        "INSERT DATA { <u:a> <u:b> 'LOAD SILENT <http://e/>' }",
        "CLEAR ALL",
        "'not ended",
    ],
)
def test_nothing_else_is_taken_for_a_silent_load(text: str) -> None:
    assert without_silent_loads(text, 100) == text


def test_a_silent_load_after_brackets_is_found() -> None:
    text = "INSERT DATA { <u:a> <u:b> 1 } ; LOAD SILENT <http://e/>"
    assert without_silent_loads(text, 100) == "INSERT DATA { <u:a> <u:b> 1 } ; INSERT DATA {}         "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("INSERT DATA { <u:a> <u:b> 1 }", True),
        ("BASE <u:> VERSION '1.2' PREFIX a: <u:> delete data {} ; INSERT DATA {}", True),
        ("DELETE WHERE { ?s ?p ?o }", False),
        ("INSERT DATA {} ; CLEAR ALL", False),
        ("INSERT DATA {} ; DROP DATA", False),
        ("INSERT DATA {} ; WITH <u:g> DELETE {} WHERE {}", False),
        ("INSERT DATA {} ; INSERT", False),
    ],
)
def test_whether_an_update_is_data_only(text: str, expected: bool) -> None:
    assert only_data(guarded(text)) is expected


def test_deletions_become_insertions_of_the_same_data() -> None:
    text = "DELETE DATA { <u:a> <u:b> 'DELETE' } ; INSERT DATA { <u:c> <u:b> 1 } ; delete DATA { <u:d> <u:b> 2 }"
    assert as_insertions(guarded(text)) == (
        "INSERT DATA { <u:a> <u:b> 'DELETE' } ; INSERT DATA { <u:c> <u:b> 1 } ; INSERT DATA { <u:d> <u:b> 2 }"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT {} WHERE { ?s ?p ?o }", f"INSERT {{}} {CLAUSES}WHERE {{ ?s ?p ?o }}"),
        (
            "DELETE WHERE { ?s ?p '}' { ?a ?b ?c } } ; DELETE {} INSERT {} WHERE {} # end",
            f"DELETE {{ ?s ?p '}}' {{ ?a ?b ?c }} }} {CLAUSES}WHERE {{ ?s ?p '}}' {{ ?a ?b ?c }} }} ; "
            f"DELETE {{}} INSERT {{}} {CLAUSES}WHERE {{}} # end",
        ),
        ("INSERT DATA {} ; CLEAR SILENT DEFAULT", "INSERT DATA {} ; CLEAR SILENT DEFAULT"),
    ],
)
def test_a_dataset_is_written_into_each_operation_with_a_pattern(text: str, expected: str) -> None:
    assert with_dataset(guarded(text), DATASET) == expected


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("WITH <u:g> DELETE {} WHERE {}", 1, "WITH cannot be combined"),
        ("DELETE {} USING <u:g> WHERE {}", 11, "USING cannot be combined"),
        ("CLEAR EVERYTHING", 7, "Unexpected ‘EVERYTHING’"),
        ("DELETE WHERE", 8, "does not end"),
    ],
)
def test_a_dataset_of_its_own_or_a_wrong_word_is_an_error_at_its_place(text: str, column: int, says: str) -> None:
    with pytest.raises(QuerySyntax, match=f"Line 2, column {column}: .*{says}") as caught:
        with_dataset(guarded("#\n" + text), DATASET)
    assert (caught.value.line, caught.value.column) == (2, column)


def test_a_graph_of_the_dataset_must_be_an_iri() -> None:
    with pytest.raises(ValueError, match="IRI"):
        with_dataset(guarded("DELETE WHERE {}"), Dataset(default=("no iri> ; CLEAR ALL #",), named=()))


def graphs(text: str, base: str | None = None) -> list[str]:
    """Names of the graphs: `*` for all, empty for the default graph, in order."""

    def name(graph: ox.NamedNode | ox.DefaultGraph | None) -> str:
        return "*" if graph is None else "" if graph == DEFAULT else str(graph)

    return sorted(name(graph) for graph in whole_graphs(guarded(text), base))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("CLEAR ALL", ["*"]),
        ("drop silent named", ["*"]),
        ("CLEAR DEFAULT", [""]),
        ("CLEAR SILENT GRAPH <u:g> ; DROP GRAPH <u:h>", ["<u:g>", "<u:h>"]),
        (PREFIX + "CLEAR GRAPH u:g", ["<u:g>"]),
        ("VERSION '1.2' CLEAR GRAPH <u:g>", ["<u:g>"]),
        ("INSERT DATA {} ; " + PREFIX + "DROP GRAPH u:h", ["<u:h>"]),
        ("ADD <u:g> TO <u:h>", ["<u:h>"]),
        ("ADD <u:g> TO DEFAULT", []),
        ("COPY GRAPH <u:g> TO GRAPH <u:h>", ["<u:h>"]),
        ("COPY SILENT <u:g> TO DEFAULT", [""]),
        ("MOVE <u:g> TO <u:h>", ["<u:g>", "<u:h>"]),
        ("MOVE DEFAULT TO <u:h>", ["", "<u:h>"]),
        ("INSERT DATA { <u:a> <u:b> 1 } ; CLEAR DEFAULT ;", [""]),
        ("DELETE { ?s ?p [ ] } WHERE { { ?s ?p ?o ; ?q (1) } } ; CLEAR ALL", ["*"]),
        ("CREATE GRAPH <u:g> ; WITH <u:g> DELETE {} WHERE {}", []),
    ],
)
def test_graphs_that_an_update_acts_on_as_wholes(text: str, expected: list[str]) -> None:
    assert graphs(text) == expected


def test_relative_names_of_graphs_follow_the_base() -> None:
    assert graphs("CLEAR GRAPH <g>", "http://e/a") == ["<http://e/g>"]
    assert graphs("BASE <http://f/> CLEAR GRAPH <g>", "http://e/a") == ["<http://f/g>"]
    with pytest.raises(QuerySyntax, match="not valid SPARQL"):
        graphs("CLEAR GRAPH <g>")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("CLEAR", (2, 1)),
        ("CLEAR <u:g>", (2, 7)),
        ("CLEAR GRAPH 'g'", (2, 13)),
        ("CLEAR GRAPH", (2, 7)),
        ("CLEAR ALL DEFAULT", (2, 11)),
        ("CLEAR DEFAULT 'x'", (2, 15)),
        ("COPY <u:g> <u:h>", (2, 12)),
        ("COPY <u:g> TO", (2, 12)),
        ("COPY 'g' TO <u:h>", (2, 6)),
        ("MOVE DEFAULT TO ALL", (2, 17)),
        ("CLEAR ALL ; INTO", (2, 13)),
        ("CLEAR ALL ; <u:g>", (2, 13)),
    ],
)
def test_what_is_no_operation_is_an_error_at_its_place(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(QuerySyntax, match=f"Line {place[0]}, column {place[1]}: Unexpected") as caught:
        graphs("#\n" + text)
    assert (caught.value.line, caught.value.column) == place
