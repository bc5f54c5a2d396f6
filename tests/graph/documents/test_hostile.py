"""Broken, encrypted and hostile files from the corpora of other readers: each is read or refused with a remedy."""

from __future__ import annotations

import pytest

from graph.documents.read import read
from graph.errors import InputError
from graph.segmentation.passages import passages
from tests.support.paths import SHARED

FOLDER = SHARED / "sets/documents"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file()) if FOLDER.is_dir() else []


def test_every_file_is_read_or_refused() -> None:
    if not FILES:
        pytest.skip("the folder `shared` beside the project is absent: no hostile files to read")
    outcomes = {}
    for path in FILES:
        try:
            readings = list(read(path))
        except InputError as error:
            assert error.remedy, path
            assert path.name in error.message, path
            outcomes[path.name] = "refused"
            continue
        for reading in readings:
            texts = {page.number: page.text for page in reading.pages}
            for passage in passages("d", reading):
                assert texts[passage.page][passage.start : passage.end] == passage.text
        outcomes[path.name] = "read"
    # Most of the PDF, HTML and Markdown files hold text; if all were refused, something else would be wrong.
    assert sum(outcome == "read" for outcome in outcomes.values()) > len(FILES) // 2
