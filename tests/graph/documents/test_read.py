"""Readings of files of every format, and errors for files that cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.documents import sniff
from graph.documents.read import read
from graph.errors import UnreadableFile
from graph.model import Reading

Make = Callable[[str, str | bytes], Path]


def read_single(path: Path) -> Reading:
    (reading,) = read(path)
    return reading


def test_plain_text(make: Make) -> None:
    reading = read_single(make("note.txt", "Skip to content\r\n\r\nThe real title\r\n\r\nA sentence.\r\n"))
    assert (reading.identifier, reading.title, reading.kind) == ("note.txt", "The real title", "text")
    assert [page.number for page in reading.pages] == [0]
    assert reading.pages[0].text == "Skip to content\n\nThe real title\n\nA sentence.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_recognised(make: Make, encoding: str) -> None:
    assert read_single(make("a.txt", "Café £5 “quoted”".encode(encoding))).pages[0].text == "Café £5 “quoted”"


def test_another_encoding_is_named_with_a_remedy(make: Make) -> None:
    path = make("old.txt", "The café’s budget is £5 million.".encode("cp1252"))
    with pytest.raises(UnreadableFile) as caught:
        read_single(path)
    assert "WINDOWS-1252" in caught.value.message
    assert "iconv -f WINDOWS-1252 -t UTF-8" in caught.value.remedy
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.txt", b"", "is empty"),
        ("blank.txt", b" \n\t\n", "holds no text"),
        ("blank.md", b"---\ntitle: T\n---\n\n", "holds no text"),
        ("binary.txt", b"abc\x00\x01\x02def", "binary"),
        ("control.txt", b"\x01\x02\x03\x04 a b", "control characters"),
        ("bad.txt", b"\xff\xfeA\x00\xd8", "UTF-16"),
        ("half.txt", b"\xef\xbb\xbfabc \xe9 def", "is not valid at byte 4"),
        ("word.docx", b"PK\x03\x04rest", "Office document"),
        ("page.rtf", b"{\\rtf1 x}", "Rich Text"),
        ("data.xml", b"<?xml version='1.0'?><a/>", "XML"),
        ("not.pdf", b"This is no PDF.", "not a PDF"),
        ("broken.pdf", b"%PDF-1.4\nnothing of the kind", "PDF"),
        ("a.jsonl", b"\n\n", "no record"),
        ("a.txt", "漢字かな交じり文。".encode("shift_jis") * 20, "not UTF-8"),
    ],
)
def test_unreadable_files_are_refused_with_a_remedy(make: Make, name: str, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words) as caught:
        list(read(make(name, content)))
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_missing_directory_pipe_and_forbidden(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="There is no file"):
        list(read(tmp_path / "nowhere.txt"))
    with pytest.raises(UnreadableFile, match="is a directory"):
        list(read(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFile, match="not an ordinary file"):
        list(read(tmp_path / "pipe"))  # opening it would wait for ever
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        list(read(Path("a\0b")))


def test_a_cap_on_the_size(make: Make) -> None:
    with pytest.raises(UnreadableFile, match="larger than 1 MB"):
        sniff.read_bytes(make("big.txt", b"x" * (2**20 + 1)), limit=2**20)


def test_content_goes_before_the_extension(make: Make) -> None:
    assert read_single(make("page.txt", "<!doctype html><title>Hello</title><p>Words.</p>")).kind == "html"
    assert read_single(make("notes.weird", "Just words.")).kind == "text"


def test_control_characters_are_replaced(make: Make) -> None:
    text = read_single(make("a.txt", "one\u2028two\x0cthree" + " word" * 50 + "\x07")).pages[0].text
    assert text.startswith("one\ntwo\nthree")
    assert "\x07" not in text


def test_invisible_marks_split_no_word(make: Make) -> None:
    text = (
        read_single(make("a.txt", "crea\u00adtive ga\u200bmes ar\u200cts می\u200cخواهم 👩\u200d🎨" + " word" * 50))
        .pages[0]
        .text
    )
    assert text.startswith("creative games arts می\u200cخواهم 👩\u200d🎨")


def test_words_parted_at_the_end_of_a_line_are_whole(make: Callable[[str, str | bytes], Path]) -> None:
    text = "Work in the cul-\ntural sector, the high-\nstreet firms, pre-\nand post-\nproduction, STRAT-\nEGY."
    (reading,) = read(make("h.txt", text))
    expected = "Work in the cultural sector, the high-street firms, pre-\nand postproduction, STRATEGY."
    assert reading.pages[0].text == expected
