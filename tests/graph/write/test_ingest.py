from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest

from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.ingest import Outcome, files_under, forget, ingest, links_out, unread_files
from graph.write.writer import Session
from tests.support.small import ex, few_facts

TEXT = "Creative PEC looks at the evidence. It published the Creative Radar, and Nesta was its host at the time.\n" * 3


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("A note on who published what\n\n" + TEXT, "utf-8")
    return path


@pytest.fixture(autouse=True)
def _facts(session: Session) -> None:
    session.change(few_facts)


def test_a_document_is_cut_and_linked(home: Home, session: Session, note: Path) -> None:
    acknowledged: list[Outcome] = []
    report = ingest(session, home, [note], acknowledge=acknowledged.append)
    (outcome,) = report.outcomes
    assert acknowledged == [outcome]
    assert (outcome.name, outcome.status) == ("note.txt", "added")
    snapshot = Snapshot.open(home.require())
    document = snapshot.document(outcome.iri)
    assert document is not None
    parts = snapshot.passages(document.iri)
    assert (document.id, document.passages) == ("note.txt", len(parts))
    for passage in parts:
        for mention in snapshot.mentions(passage.iri):
            assert passage.text[mention.start : mention.end] == mention.surface
    named = {m.entity for p in parts for m in snapshot.mentions(p.iri)}
    assert {ex("pec").value, ex("radar").value, ex("nesta").value} <= named
    assert set(snapshot.mentioning(ex("radar").value)) <= {p.iri for p in parts}


def test_the_same_again_changes_nothing(home: Home, session: Session, note: Path) -> None:
    ingest(session, home, [note])
    number = home.require().number
    report = ingest(session, home, [note])
    assert [outcome.status for outcome in report.outcomes] == ["unchanged"]
    assert report.generation is None
    assert home.require().number == number


def test_a_changed_file_replaces_its_document(home: Home, session: Session, note: Path) -> None:
    (first,) = ingest(session, home, [note]).outcomes
    note.write_text("A single sentence about London stands here now, and nothing else at all.")
    (second,) = ingest(session, home, [note]).outcomes
    assert (second.status, second.iri) == ("replaced", first.iri)
    snapshot = Snapshot.open(home.require())
    assert [p.index for p in snapshot.passages(first.iri)] == list(range(second.passages))
    assert not list(snapshot.mentioning(ex("radar").value))
    assert list(snapshot.mentioning(ex("london").value))


def test_collections_keep_their_documents_apart(home: Home, session: Session, note: Path) -> None:
    (outcome,) = ingest(session, home, [note]).outcomes
    (two,) = ingest(session, home, [note], collection="mine").outcomes
    assert outcome.iri != two.iri
    assert two.status == "added"


def test_one_bad_file_does_not_stop_the_others(home: Home, session: Session, note: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "empty.txt").write_bytes(b"")
    report = ingest(session, home, [tmp_path / "missing.txt", tmp_path])
    assert {o.name: o.status for o in report.outcomes} == {
        "missing.txt": "refused", "bad.txt": "refused", "empty.txt": "refused", "note.txt": "added",
    }  # fmt: skip
    assert all(outcome.detail for outcome in report.outcomes if outcome.status == "refused")


def test_json_lines_are_one_document_each(home: Home, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    records = [{"_id": f"r{n}", "title": f"Record {n}", "text": f"Record {n} tells of Creative PEC."} for n in range(7)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    report = ingest(session, home, [path])
    assert [outcome.name for outcome in report.outcomes] == [f"r{n}" for n in range(7)]
    assert len(list(Snapshot.open(home.require()).documents())) == 7


def test_forget_removes_everything(home: Home, session: Session, note: Path) -> None:
    before = {str(quad) for quad in Snapshot.open(home.require()).store}
    (outcome,) = ingest(session, home, [note]).outcomes
    assert forget(session, home, outcome.iri)
    assert {str(quad) for quad in Snapshot.open(home.require()).store} == before
    assert not forget(session, home, outcome.iri)


def test_originals_are_kept_once_by_content(home: Home, session: Session, note: Path) -> None:
    ingest(session, home, [note])
    ingest(session, home, [note], collection="again")
    (original,) = home.files.iterdir()
    assert original.read_bytes() == note.read_bytes()


def test_an_original_is_what_its_name_says_while_the_file_changes(home: Home, session: Session, tmp_path: Path) -> None:
    path, done = tmp_path / "log.txt", threading.Event()
    path.write_text("x" * 3_000_000)

    def change() -> None:
        for number in range(1_000_000):
            if done.is_set():
                return
            with path.open("r+b") as file:
                file.write(f"Version {number} of the words in this file. ".encode())

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(8):
            ingest(session, home, [path])
    finally:
        done.set()
        writer.join()
    kept = [file for file in home.files.iterdir() if file.is_file()]
    assert kept
    assert all(hashlib.sha256(file.read_bytes()).hexdigest() == file.name for file in kept)
    assert not [file for file in home.files.iterdir() if file.is_dir()]


def test_a_link_out_of_a_directory_is_followed_only_when_told(home: Home, session: Session, tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    (outside / "deeper").mkdir(parents=True)
    folder.mkdir()
    (outside / "secret.txt").write_text("Words outside. " * 9)
    (outside / "deeper" / "more.txt").write_text("More words outside. " * 9)
    (folder / "plain.txt").write_text("Words inside. " * 9)
    (folder / "same.txt").symlink_to(folder / "plain.txt")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "sub").symlink_to(outside / "deeper")
    names = {outcome.name for outcome in ingest(session, home, [folder]).outcomes}
    assert names == {"plain.txt", "same.txt"}
    assert [link.name for link in links_out([folder])] == ["link.txt", "sub"]
    names = {outcome.name for outcome in ingest(session, home, [folder], follow_links=True).outcomes}
    assert names == {"plain.txt", "same.txt", "link.txt", "more.txt"}
    assert ingest(session, home, [folder / "link.txt"]).outcomes[0].status == "unchanged"


def test_links_to_directories_are_followed_once(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    (outside / "deep").mkdir(parents=True)
    (folder / "inner").mkdir(parents=True)
    for path in (outside / "deep" / "a.txt", folder / "inner" / "b.txt", outside / "c.docx"):
        path.write_text("Words.")
    (outside / "deep" / "up").symlink_to(outside)  # a circle
    (outside / "back").symlink_to(folder)
    for name in ("first", "second"):
        (folder / name).symlink_to(outside)
    (folder / "again").symlink_to(folder / "inner")
    (folder / "gone").symlink_to(tmp_path / "nothing")
    names = [path.name for path in files_under([folder], follow_links=True)]
    assert sorted(names) == ["a.txt", "b.txt"]
    assert [path.name for path in files_under([folder])] == ["b.txt"]
    assert [path.name for path in unread_files([folder], follow_links=True)] == ["c.docx"]
    assert not list(unread_files([folder]))


def test_an_error_names_the_file_and_not_its_copy(home: Home, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "bad.md"
    path.write_text("---\na: [\n---\n")
    (outcome,) = ingest(session, home, [path]).outcomes
    assert str(path) in outcome.detail
    assert "reading.tmp" not in outcome.detail


def test_a_date_that_is_not_understood_is_told(home: Home, session: Session, tmp_path: Path) -> None:
    for name, date in (("a", "March 2024"), ("b", "06/03/2024"), ("c", "31 June 2024")):
        (tmp_path / f"{name}.md").write_text(f"---\ndate: {date}\n---\n{TEXT}")
    outcomes = ingest(session, home, [tmp_path / f"{name}.md" for name in "abc"]).outcomes
    snapshot = Snapshot.open(home.require())
    dates = {document.id: document.date for document in snapshot.documents() if document.id.endswith(".md")}
    assert dates == {"a.md": "2024-03", "b.md": "2024-03-06", "c.md": None}
    assert [bool(outcome.notes) for outcome in outcomes] == [False, False, True]
    assert "31 June 2024" in outcomes[2].notes[0]


def test_one_bad_line_keeps_the_other_records(home: Home, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    records = (json.dumps({"_id": name, "text": TEXT}) for name in "ab")
    path.write_text("\n{oops\n".join(records))
    outcomes = {outcome.name: outcome for outcome in ingest(session, home, [path]).outcomes}
    assert (outcomes["a"].status, outcomes["b"].status, outcomes["r.jsonl"].status) == ("added", "added", "refused")
    assert "line 2" in outcomes["r.jsonl"].detail
