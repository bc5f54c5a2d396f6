"""Which query results have a map, where their dots are, and that the outlines come from the shared areas."""

from __future__ import annotations

import json

import pytest

from graph.model import Value
from tests.support import outline
from web.pages.drawing.charts import chart_of
from web.pages.drawing.maps import is_coordinate, map_of
from web.read_model.reader import QueryTable

DECIMAL = "http://www.w3.org/2001/XMLSchema#decimal"
LEEDS, DUNDEE = (53.8, -1.55), (56.46, -2.97)


def iri(name: str) -> Value:
    return Value("iri", f"http://e/{name}", name)


def number(value: float) -> Value:
    return Value("literal", str(value), str(value), DECIMAL)


def table(columns: tuple[str, ...], *rows: tuple[Value | None, ...], **more: object) -> QueryTable:
    return QueryTable(columns, rows, len(rows), 1.0, 1, **more)  # type: ignore[arg-type]


def test_columns_of_coordinates() -> None:
    answer = table(
        ("what", "lat", "long"),
        (iri("InGAME"), number(DUNDEE[0]), number(DUNDEE[1])),
        (iri("Abertay"), number(DUNDEE[0]), number(DUNDEE[1])),
        (iri("Leeds"), number(LEEDS[0]), number(LEEDS[1])),
        (iri("Nowhere"), None, number(1)),
        (iri("Paris"), number(48.86), number(2.35)),
    )
    drawn = map_of(answer)
    assert drawn is not None and drawn.by == "what"
    assert [(dot.rows, dot.label, dot.iri) for dot in drawn.dots] == [
        (2, "InGAME, Abertay", ""),
        (1, "Leeds", "http://e/Leeds"),
    ]
    assert (drawn.rows, drawn.elsewhere) == (3, 2)
    north, south = drawn.dots
    assert north.y < south.y and north.x < south.x, "Dundee lies north and west of Leeds"
    assert north.radius > south.radius
    left, top, width, height = drawn.box
    assert all(left < dot.x < left + width and top < dot.y < top + height for dot in drawn.dots)
    assert drawn.coast.startswith("M") and drawn.borders.startswith("M")
    assert chart_of(answer) is None, "coordinates are no quantities"


@pytest.mark.parametrize(
    ("name", "coordinate"),
    [("lat", True), ("long", True), ("place_lng", True), ("latitude", True), ("plateau", False), ("longest", False)],
)
def test_names_of_coordinates(name: str, coordinate: bool) -> None:
    assert is_coordinate(name) is coordinate


def test_entities_whose_place_is_known() -> None:
    known = {"http://e/a": LEEDS, "http://e/b": DUNDEE}
    drawn = map_of(table(("x", "y"), (iri("z"), iri("a")), (iri("z"), iri("b")), (iri("z"), None), positions=known))
    assert drawn is not None and drawn.by == "y" and len(drawn.dots) == 2 and drawn.elsewhere == 1
    few = table(("x",), (iri("a"),), (iri("p"),), (iri("q"),), positions=known)
    assert map_of(few) is None, "one in three is no column of places"
    assert map_of(table(("x",), (iri("a"),), positions={"http://e/a": (48.8, 2.3)})) is None
    assert map_of(table(())) is None


def test_the_outlines_are_made_from_the_areas() -> None:
    if not outline.AREAS.is_file():
        pytest.skip(f"the areas are not beside the project ({outline.AREAS.name})")
    assert outline.written(json.loads(outline.AREAS.read_text("utf-8"))) == outline.OUTLINE.read_text("utf-8")
