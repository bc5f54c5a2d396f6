"""Facts and the claims they rest on are not torn apart by updates of whole graphs, however these are written."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.errors import ClaimsHeld, QueryError
from graph.sparql.graph_store import patch
from graph.sparql.update import apply_update, update_limits
from tests.support.small import EX, few_facts
from tests.support.writable_services import BEARER, ServiceMaker, ask, update
from web.app import create_app

LIMITS = update_limits(5)
SOURCE = f"<{EX}official>"
REFUSED = (
    "CLEAR DEFAULT", "clear silent default", "DROP DEFAULT", "CLEAR ALL", "DROP ALL", "DROP SILENT NAMED",
    "COPY <http://e/g> TO DEFAULT", "MOVE GRAPH <http://e/g> TO DEFAULT", "MOVE DEFAULT TO <http://e/g>",
    f"DROP GRAPH {SOURCE}", f"PREFIX e: <{EX}> CLEAR GRAPH e:official", f"BASE <{EX}> CLEAR GRAPH <official>",
    f"COPY DEFAULT TO {SOURCE}", f"MOVE {SOURCE} TO <http://e/g>", f"ADD DEFAULT TO {SOURCE}",
    "INSERT DATA { <a:a> <a:b> 1 } ; CLEAR DEFAULT", "CREATE GRAPH <http://e/n> ; # and\n DROP DEFAULT ;",
    "DELETE WHERE { ?s ?p ?o }", "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
    f"INSERT DATA {{ <a:a> <a:b> 1 }} ; PREFIX e: <{EX}> DROP GRAPH e:official ; INSERT DATA {{ <a:a> <a:b> 2 }}",
)  # fmt: skip
DISGUISED = (
    "CLEAR SILENTDEFAULT", "COPY <http://e/g> TODEFAULT", "INSERT DATA {} ; CLEARDEFAULT",
    "PREFIX MOVE: <x:> PREFIX : <http://e/> MOVE:g TO DEFAULT", "PREFIX TO: <x:> PREFIX : <x:> MOVE DEFAULT TO:g",
    f"PREFIX GRAPH: <x:> PREFIX : <{EX}> DROP GRAPH:official",
)  # fmt: skip
ALLOWED = (
    "DROP GRAPH <http://e/g>", "CLEAR SILENT GRAPH <http://e/none>", "COPY DEFAULT TO <http://e/copy>",
    "ADD <http://e/g> TO DEFAULT", f"COPY {SOURCE} TO <http://e/copy>", "MOVE <http://e/g> TO <http://e/h>",
    f"DELETE DATA {{ <{EX}pec> <http://www.w3.org/2000/01/rdf-schema#label> 'Creative PEC' }}",
    f"DELETE WHERE {{ <{EX}pec> ?p ?o }}", "VERSION '1.2' CREATE GRAPH <http://e/n>", "",
    "WITH <http://e/g> DELETE { ?s ?p ?o } INSERT { ?s ?p 'DROP ALL' } WHERE { ?s ?p ?o }",
)  # fmt: skip


@pytest.fixture
def atlas() -> ox.Store:
    store = ox.Store()
    few_facts(store)
    store.update("INSERT DATA { GRAPH <http://e/g> { <a:a> <a:b> 0 } }")
    return store


@pytest.mark.parametrize("text", REFUSED)
def test_whole_graphs_that_hold_together_stay(text: str, atlas: ox.Store) -> None:
    with pytest.raises(ClaimsHeld):
        apply_update(atlas, text, LIMITS)


@pytest.mark.parametrize("text", DISGUISED)
def test_what_only_the_engine_reads_as_an_operation_is_refused(text: str, atlas: ox.Store) -> None:
    with pytest.raises(QueryError):
        apply_update(atlas, text, LIMITS)
    assert f"{SOURCE[1:-1]}" in {each.value for each in atlas.named_graphs()}
    assert any(True for _ in atlas.quads_for_pattern(None, None, None, ox.DefaultGraph()))


@pytest.mark.parametrize("text", ALLOWED)
def test_other_updates_are_carried_out(text: str, atlas: ox.Store) -> None:
    apply_update(atlas, text, LIMITS)


@pytest.mark.parametrize(
    "text", ["CLEAR ALL", "DROP DEFAULT", "MOVE <http://e/g> TO DEFAULT", "DELETE WHERE {?s ?p 1}"]
)
def test_without_claims_there_is_nothing_to_hold(text: str) -> None:
    store = ox.Store()
    store.update("INSERT DATA { <a:a> <a:b> 1 . GRAPH <http://e/g> { <a:a> <a:b> 1 } }")
    apply_update(store, text, LIMITS)


def test_a_patch_of_the_default_graph_is_no_other_way(atlas: ox.Store) -> None:
    for text in ("CLEAR DEFAULT ; INSERT DATA { <a:a> <a:b> 1 }", "DELETE WHERE { ?s ?p ?o }"):
        with pytest.raises(ClaimsHeld):
            patch(atlas, ox.DefaultGraph(), text, LIMITS, "http://e/")
    patch(atlas, ox.NamedNode("http://e/g"), "CLEAR DEFAULT", LIMITS, "http://e/")
    patch(atlas, ox.DefaultGraph(), "INSERT DATA { <a:a> <a:b> 1 }", LIMITS, "http://e/")


def test_over_http_it_is_a_conflict_and_changes_nothing(make_services: ServiceMaker) -> None:
    writable_services = make_services(facts=True)
    app = create_app(writable_services).test_client()
    before = writable_services.home.require().name
    answer = app.post("/update", data="CLEAR DEFAULT", content_type="application/sparql-update", headers=BEARER)
    problem = answer.get_json(force=True)
    assert (answer.status_code, problem["type"].rpartition("/")[2]) == (409, "claims-held")
    assert "claims" in problem["detail"]
    assert writable_services.home.require().name == before
    assert ask(app, f"ASK {{ <{EX}radar> ?p ?o }}")
    assert update(app, "INSERT DATA { <http://e/a> <http://e/b> 1 }") == 204
