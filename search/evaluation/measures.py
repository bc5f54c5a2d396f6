"""Measures of rankings over judged queries, and a test whether two runs differ by more than chance.

A run maps each query to its documents, best first. All measures are in [0, 1], higher is better, and follow trec_eval:

- nDCG@k: Σ grade / log2(place + 1) over the first k, divided by the same sum of the best possible order;
- recall@k: the share of the relevant documents (grade > 0) among the first k;
- MRR: 1 / place of the first relevant document, 0 where none is found;
- MAP: the mean, over the relevant documents, of the precision at the place of each, 0 for those not found.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.errors import InputError
from search.item import Item

__all__ = [
    "MEASURES",
    "Judged",
    "average_precision",
    "compare",
    "json_lines",
    "measure",
    "ndcg",
    "read_beir",
    "read_corpus",
    "recall",
    "reciprocal_rank",
]

Qrels = Mapping[str, int]
MEASURES: Final = ("ndcg@10", "recall@100", "mrr", "map")

_REMEDY: Final = "A BEIR folder holds corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv)."
_TEST_ROUNDS: Final = 10_000
_GRADE: Final = re.compile("-?[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Judged:
    """A query and the grades of its judged documents; those not judged count as not relevant."""

    id: str
    text: str
    grades: Qrels


def ndcg(ranked: Sequence[str], grades: Qrels, depth: int = 10) -> float:
    """nDCG at `depth`, in [0, 1]; 0 if no document is relevant."""
    ideal = _discounted(sorted(grades.values(), reverse=True)[:depth])
    return _discounted([grades.get(name, 0) for name in ranked[:depth]]) / ideal if ideal else 0.0


def recall(ranked: Sequence[str], grades: Qrels, depth: int = 100) -> float:
    """Recall at `depth`, in [0, 1]; 0 if no document is relevant."""
    relevant = _relevant(grades)
    return len(relevant & set(ranked[:depth])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Qrels) -> float:
    """1 / place of the first relevant document; 0 if none is found."""
    relevant = _relevant(grades)
    return next((1 / place for place, name in enumerate(ranked, 1) if name in relevant), 0.0)


def average_precision(ranked: Sequence[str], grades: Qrels) -> float:
    """Mean precision at the places of the relevant documents, in [0, 1]."""
    relevant = _relevant(grades)
    hits, total = 0, 0.0
    for place, name in enumerate(ranked, 1):
        if name in relevant:
            hits += 1
            total += hits / place
    return total / len(relevant) if relevant else 0.0


def measure(ranked: Sequence[str], grades: Qrels) -> dict[str, float]:
    """All MEASURES of one query. `ranked`: documents, best first; `grades`: document → grade, relevant if > 0.

    >>> measure(["a", "b"], {"b": 1})["mrr"]
    0.5
    """
    values = (ndcg(ranked, grades), recall(ranked, grades), reciprocal_rank(ranked, grades))
    return dict(zip(MEASURES, (*values, average_precision(ranked, grades)), strict=True))


def compare(first: Sequence[float], second: Sequence[float], *, rounds: int = _TEST_ROUNDS, seed: int = 0) -> float:
    """p of a two-sided paired randomisation test: the probability that chance sets the means as far apart.

    `first` and `second` have one measure of the same queries in the same order. With the add-one rule p is never 0.
    Raises ValueError if they differ in length.

    >>> compare([0.5, 0.7], [0.5, 0.7])
    1.0
    """
    if len(first) != len(second):
        raise ValueError("a paired test needs the same queries in both runs")
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    if not difference.any():
        return 1.0
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(rounds, len(difference)))
    is_as_far = np.abs(signs @ difference) >= abs(float(difference.sum())) - 1e-12
    return float((1 + is_as_far.sum()) / (1 + rounds))


def read_corpus(folder: Path) -> Iterator[Item]:
    """The documents of a BEIR folder as items. Raises InputError, which names the line, when it reads a wrong row.

    >>> _ = (folder / "corpus.jsonl").write_text('{"_id": "12", "title": "Film", "text": "Film crews are short."}')
    >>> [item.iri for item in read_corpus(folder)]
    ['urn:doc:12']
    """
    for record in _records(folder / "corpus.jsonl"):
        title, text = str(record.get("title") or ""), str(record["text"] or "")
        yield Item(f"urn:doc:{record['_id']}", "passage", title, text=text)


def read_beir(folder: Path) -> list[Judged]:
    """The queries of a BEIR folder that have a relevant document.

    Raises InputError if a file is missing or a line is wrong.

    >>> _ = (folder / "corpus.jsonl").write_text('{"_id": "12", "title": "Film", "text": "Film crews are short."}')
    >>> _ = (folder / "queries.jsonl").write_text('{"_id": "q", "text": "crews"}')
    >>> _ = (folder / "qrels.tsv").write_text("q\\t12\\t1")
    >>> read_beir(folder)
    [Judged(id='q', text='crews', grades={'urn:doc:12': 1})]
    """
    grades: dict[str, dict[str, int]] = {}
    path = next((path for path in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if path.is_file()), None)
    if path is None or not (folder / "corpus.jsonl").is_file():
        raise InputError(f"{folder} is no retrieval set.", _REMEDY)
    for number, line in enumerate(_text(path).splitlines(), 1):
        cells = line.split("\t")
        if number == 1 and not _GRADE.fullmatch(cells[-1]):
            continue
        if len(cells) != 3 or not _GRADE.fullmatch(cells[2]):
            raise InputError(f"Line {number} of {path.name} is no judgement.", "Write query, document and grade.")
        grades.setdefault(cells[0], {})[f"urn:doc:{cells[1]}"] = int(cells[2])
    queries = [(str(record["_id"]), str(record["text"] or "")) for record in _records(folder / "queries.jsonl")]
    judged = [Judged(name, text, grades[name]) for name, text in queries if _relevant(grades.get(name, {}))]
    if not judged:
        raise InputError("No query has a relevant document.", "Check that queries.jsonl and the judgements match.")
    return judged


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name} cannot be read: {error}.", _REMEDY) from error


def _records(path: Path) -> Iterator[Mapping[str, object]]:
    """The rows. Raises InputError for one without an _id, or with that of an earlier row."""
    line_numbers: dict[str, int] = {}
    for number, record in json_lines(path, _REMEDY):
        if "_id" not in record:
            raise InputError(f"Line {number} of {path.name} has no _id.", _REMEDY)
        name = str(record["_id"])
        if name in line_numbers:
            raise InputError(
                f"Line {number} of {path.name} has the _id “{name}”, as line {line_numbers[name]} has.",
                "Give each row an _id of its own.",
            )
        line_numbers[name] = number
        yield {"text": ""} | record


def json_lines(path: Path, remedy: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object of each line of a JSON lines file. Raises InputError, which names the wrong line."""
    number = 0
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise InputError(f"Line {number} of {path.name} is no JSON object.", remedy)
                yield number, record
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error}.", remedy) from error
    except json.JSONDecodeError as error:
        problem = f"{error.msg}, at column {error.colno}"
        raise InputError(f"Line {number} of {path.name} is no JSON: {problem}.", remedy) from error
    except ValueError as error:
        raise InputError(f"Line {number} of {path.name} cannot be read: {error}.", remedy) from error


def _relevant(grades: Qrels) -> set[str]:
    return {name for name, grade in grades.items() if grade > 0}


def _discounted(gains: Sequence[int]) -> float:
    return sum(max(gain, 0) / math.log2(place + 2) for place, gain in enumerate(gains))
