"""Which query results have a chart, and what it shows."""

from __future__ import annotations

from graph.model import Value
from graph.vocabulary import expand
from web.pages.drawing.charts import HEIGHT, MAX_BARS, WIDTH, chart_of
from web.read_model.reader import QueryTable


def _word(text: str) -> Value:
    return Value("literal", text, text)


def _amount(text: str) -> Value:
    return Value("literal", text, text, expand("xsd:decimal"))


def _table(columns: tuple[str, ...], *rows: tuple[Value | None, ...]) -> QueryTable:
    return QueryTable(columns, rows, len(rows), 1.0, 1)


def test_names_with_numbers_are_bars_from_a_common_start() -> None:
    chart = chart_of(_table(("place", "jobs"), (_word("Leeds"), _amount("30")), (_word("Hull"), _amount("-10"))))
    assert chart is not None and (chart.kind, chart.column, chart.by) == ("bars", "jobs", "place")
    assert [(bar.label, bar.start, bar.width) for bar in chart.bars] == [("Leeds", 25, 75), ("Hull", 0, 25)]


def test_years_are_a_line_in_their_order() -> None:
    rows = ((_word("2012"), _amount("20")), (_word("2010"), _amount("0")), (_word("2011"), _amount("5")))
    chart = chart_of(_table(("year", "gva"), *rows))
    assert chart is not None and chart.kind == "line"
    assert chart.dots == ((0, HEIGHT), (WIDTH / 2, HEIGHT * 3 / 4), (WIDTH, 0))
    assert (chart.ends, chart.span) == (("2010", "2012"), ("0", "20"))


def test_texts_that_are_no_dates_are_names() -> None:
    def dated(text: str, kind: str) -> Value:
        return Value("literal", text, text, expand(f"xsd:{kind}"))

    rows = (
        (dated("2020-01Z", "gYearMonth"), _amount("3")), (dated("-0044", "gYear"), _amount("1")),
        (dated("2019-12-31T23:00:00-02:00", "dateTime"), _amount("4")), (dated("2019-05+01:00", "gYearMonth"), None),
    )  # fmt: skip
    chart = chart_of(_table(("when", "n"), *rows))
    assert chart is not None and chart.kind == "line" and chart.ends[0] == "-0044" and chart.rows == 3
    assert chart.dots[-1] == (WIDTH, 0), "an hour into the year in UTC, so after the month that begins there"
    chart = chart_of(_table(("when", "n"), *rows, (dated("abc", "date"), _amount("9"))))
    assert chart is not None and chart.kind == "bars" and chart.bars[-1].label == "abc"


def test_repeated_years_are_no_line() -> None:
    rows = ((_word("2010"), _word("Leeds"), _amount("1")), (_word("2010"), _word("Hull"), _amount("2")))
    chart = chart_of(_table(("year", "place", "gva"), *rows))
    assert chart is not None and (chart.kind, chart.by) == ("bars", "place")


def test_a_column_can_be_chosen_and_unbound_cells_are_left_out() -> None:
    rows = ((_word("a"), _amount("1"), _amount("7")), (_word("b"), _amount("2"), None))
    table = _table(("name", "one", "two"), *rows)
    chosen, first = chart_of(table, "two"), chart_of(table, "no such column")
    assert chosen is not None and first is not None
    assert (chosen.column, len(chosen.bars), chosen.rows) == ("two", 1, 1)
    assert (first.column, first.columns) == ("one", ("one", "two"))


def test_only_the_first_rows_are_bars() -> None:
    chart = chart_of(_table(("name", "n"), *((_word(str(n) + "x"), _amount(str(n))) for n in range(MAX_BARS + 5))))
    assert chart is not None and (len(chart.bars), chart.rows) == (MAX_BARS, MAX_BARS)


def test_results_without_numbers_or_with_one_row_have_no_chart() -> None:
    assert chart_of(_table(("a", "b"), (_word("x"), _word("y")), (_word("x"), _word("z")))) is None
    assert chart_of(_table(("a", "n"), (_word("x"), _amount("1")))) is None
    assert chart_of(_table(("n",), (_amount("1"),), (_amount("2"),))) is None
    assert chart_of(_table(("a", "n"), (_word("x"), _amount("NaN")), (_word("y"), _amount("INF")))) is None
    assert chart_of(_table(("a", "n"), (None, None), (None, None))) is None
