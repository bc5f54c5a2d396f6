"""Statuses and problem types of errors, and that one renderer makes the same problem for all ways of answering."""

from __future__ import annotations

import json

import pytest

from graph import errors
from graph.errors import AtlasError, BadData, ClientOverloaded, HomeLocked, Overloaded, QuerySyntax, UnknownEntity
from web.http.problems import STATUSES, make_problem, members, problem_answer, status_of
from web.http.rendered_answer import flask_response


def test_every_error_class_has_a_status_and_a_type() -> None:
    classes = {getattr(errors, name) for name in errors.__all__}
    assert set(STATUSES) == classes


def test_a_class_that_is_missing_has_the_status_of_its_parent() -> None:
    class Unlisted(UnknownEntity):
        pass

    assert status_of(Unlisted("There is none.")) == 404


@pytest.mark.parametrize(
    ("error", "status", "slug", "extra"),
    [
        (QuerySyntax("No.", line=2, column=3), 400, "query-syntax", {"line": 2, "column": 3}),
        (BadData("No.", line=4), 400, "bad-data", {"line": 4}),
        (
            UnknownEntity("No.", nearest=(("u:a", "A"),)),
            404,
            "unknown-entity",
            {"nearest": [{"iri": "u:a", "label": "A"}]},
        ),
        (Overloaded("No."), 503, "overload", {}),
        (ClientOverloaded("No."), 429, "overload", {}),
    ],
)
def test_members(error: AtlasError, status: int, slug: str, extra: dict[str, object]) -> None:
    fields = members(error)
    assert (fields["status"], fields["type"].rsplit("/", 1)[1], fields["detail"]) == (status, slug, "No.")
    assert {name: fields[name] for name in fields if name not in ("type", "title", "status", "detail")} == extra


def test_only_errors_that_pass_say_when_to_try_again() -> None:
    seconds = [dict(problem_answer(error).headers).get(b"retry-after") for error in (
        Overloaded("No.", retry_after=7), HomeLocked("No."), QuerySyntax("No."))]  # fmt: skip
    assert seconds == [b"7", b"5", None]


def test_flask_sends_what_the_renderer_made() -> None:
    answer = make_problem(404, "no-such-query", "No such query", "It may have ended.", hint="é")
    response = flask_response(answer)
    assert (response.status_code, response.data) == (404, answer.body)
    assert json.loads(response.data)["hint"] == "é"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
