from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import InputError
from search.evaluation.cases import Case, read_cases
from search.evaluation.measures import (
    average_precision,
    compare,
    measure,
    ndcg,
    read_beir,
    read_corpus,
    recall,
    reciprocal_rank,
)

RANKED = ["a", "b", "c", "d"]
GRADES = {"a": 0, "b": 2, "d": 1, "x": 1}


def test_measures_agree_with_values_worked_out_by_hand() -> None:
    # Gains 0, 2, 0, 1 at discounts 1, 1/log2(3), 1/2, 1/log2(5); the best order is 2, 1, 1, 0.
    assert ndcg(RANKED, GRADES) == pytest.approx((2 * 0.6309298 + 0.4306766) / (2 + 0.6309298 + 0.5), abs=1e-6)
    assert recall(RANKED, GRADES) == pytest.approx(2 / 3)
    assert recall(RANKED, GRADES, depth=2) == pytest.approx(1 / 3)
    assert reciprocal_rank(RANKED, GRADES) == 0.5
    assert average_precision(RANKED, GRADES) == pytest.approx((1 / 2 + 2 / 4) / 3)


@given(st.permutations(["a", "b", "c", "d"]), st.dictionaries(st.sampled_from("abcdxy"), st.integers(0, 3)))
def test_measures_lie_in_0_to_1(ranked: list[str], grades: dict[str, int]) -> None:
    assert all(0 <= value <= 1 + 1e-9 for value in measure(ranked, grades).values())


def test_significance() -> None:
    assert compare([0.5] * 20, [0.5] * 20) == 1.0
    assert compare([0.9] * 20, [0.1] * 20) < 0.001
    # Two queries can agree by chance in one of two ways out of four: signs ++ and --.
    assert compare([1.0, 1.0], [0.0, 0.0]) == pytest.approx(0.5, abs=0.03)
    with pytest.raises(ValueError, match="same queries"):
        compare([1.0], [])


def test_a_set_is_read(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"_id": "1", "title": "t", "text": "x"}\n', "utf-8")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "one"}\n{"_id": "r", "text": "two"}\n', "utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\t1\t1\nr\t1\t0\n", "utf-8")
    assert [(judged.id, judged.grades) for judged in read_beir(tmp_path)] == [("q", {"urn:doc:1": 1})]
    (tmp_path / "qrels.tsv").write_text("q\t1\t1\nq 1 1\n", "utf-8")
    with pytest.raises(InputError, match="Line 2"):
        read_beir(tmp_path)
    (tmp_path / "qrels.tsv").unlink()
    with pytest.raises(InputError, match="no retrieval set"):
        read_beir(tmp_path)


def test_a_case_says_what_is_wrong() -> None:
    case = Case("c", "q", 2, must=("a", "d"), must_not=("b",), before=(("c", "a"),))
    assert case.failures(["a", "a", "b", "c"]) == [
        "d is not found, not among the first 2: ahead of it a, b, c",
        "b is in place 2, and should not be among the first 2",
        "c (in place 3) is not above a (in place 1)",
    ]
    assert Case("c", "q", 2, must=("a",), before=(("a", "z"),)).failures(["a"]) == []


def test_a_missing_document_is_a_failure_of_a_short_ranking_too() -> None:
    missing = ["d is not found, not among the first 3: ahead of it a"]
    assert Case("c", "q", 3, must=("d",)).failures(["a"]) == missing


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        ('{"_id": "1"}\n{"_id": "2", "text"}\n', "Line 2 of corpus.jsonl is no JSON: .* column 20"),
        ('{"_id": "1"}\n{"_id": 1}\n', "Line 2 of corpus.jsonl has the _id “1”, as line 1 has"),
        ('{"_id": "1"}\n\n{"title": "x"}\n', "Line 3 of corpus.jsonl has no _id"),
        ('{"_id": "1"}\n[1]\n', "Line 2 of corpus.jsonl is no JSON object"),
        ('{"_id": "1"}\n{"_id": "\udcff"}\n', "Line 2 of corpus.jsonl cannot be read"),
    ],
)
def test_a_row_that_is_no_document_is_named(tmp_path: Path, corpus: str, message: str) -> None:
    (tmp_path / "corpus.jsonl").write_text(corpus, "utf-8", errors="surrogateescape")
    with pytest.raises(InputError, match=message):
        list(read_corpus(tmp_path))


CASE = {"id": "c", "query": "film", "within": 3}


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"id": "d", "within": 3}, "Line 2 of cases.jsonl is no case: it has no query"),
        (CASE, "Line 2 of cases.jsonl has the id “c”"),
        (CASE | {"query": "?!"}, "Line 2 of cases.jsonl is no case: There is no word"),
        (CASE | {"within": "3"}, "“within” is no number"),
        (CASE | {"must": "a.md"}, "“must” is no list"),
        (CASE | {"before": ["a.md", "b.md"]}, "“before” is no list of pairs"),
    ],
)
def test_a_line_that_is_no_case_is_named(tmp_path: Path, second: dict[str, object], message: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(f"{json.dumps(CASE)}\n{json.dumps(second)}\n", "utf-8")
    with pytest.raises(InputError, match=message):
        read_cases(path)


def test_a_case_may_leave_out_what_it_does_not_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps(CASE | {"before": [["a", "b"]]}) + "\n", "utf-8")
    assert read_cases(path) == [Case("c", "film", 3, before=(("a", "b"),))]
    path.write_text("\n", "utf-8")
    with pytest.raises(InputError, match="no case"):
        read_cases(path)
