"""Web pages in every encoding of the WHATWG standard, through the sandboxed child; nothing is opened in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.documents.html_encoding import CODECS, decode_page, encoding_of
from graph.documents.read import read
from tests.support.paths import ROOT

Make = Callable[[str, str | bytes], Path]

WORDS = {
    "ibm866": "Театр", "iso-8859-2": "Łódź", "iso-8859-3": "Ħal", "iso-8859-4": "Rīga", "iso-8859-5": "Театр",
    "iso-8859-6": "مسرح", "iso-8859-7": "Θέατρο", "iso-8859-8": "תיאטרון", "iso-8859-8-i": "תיאטרון",
    "iso-8859-10": "Åland", "iso-8859-13": "Rīga", "iso-8859-14": "Ŵyl", "iso-8859-15": "œuvre", "iso-8859-16": "Iași",
    "koi8-r": "Театр", "koi8-u": "Київ", "windows-874": "ละคร", "windows-1250": "Łódź", "windows-1251": "Театр",
    "windows-1253": "Θέατρο", "windows-1255": "תיאטרון", "windows-1256": "مسرح", "windows-1257": "Rīga",
    "x-mac-cyrillic": "Театр", "gbk": "剧院", "gb18030": "剧院", "big5": "劇院", "euc-jp": "劇場",
    "iso-2022-jp": "劇場", "shift_jis": "劇場", "euc-kr": "극장",
}  # fmt: skip
MARKED = {"utf-16le": b"\xff\xfe", "utf-16be": b"\xfe\xff"}


def page_in(encoding: str) -> tuple[str, bytes]:
    """A word, and a page with it in this encoding."""
    word = WORDS.get(encoding, "café")
    text = (
        f"<html><head><meta charset='{encoding}'><title>{word}</title></head><body><p>A {word} grew.</p></body></html>"
    )
    if encoding == "x-user-defined":
        return "\uf7e9", text.replace("café", "\xe9").encode("latin-1")
    return word, MARKED.get(encoding, b"") + text.encode(CODECS[encoding])


@pytest.mark.parametrize("encoding", CODECS)
def test_every_encoding_is_read_in_the_child(make: Make, encoding: str) -> None:
    word, data = page_in(encoding)
    (reading,) = read(make("page.html", data))
    assert reading.pages[0].text.strip() == f"A {word} grew."


def test_nothing_is_opened_after_the_fence_closes(tmp_path: Path) -> None:
    pages = [page_in(encoding)[1] for encoding in CODECS]
    dated = (
        b"<meta property='article:published_time' content='3 March 2024'><meta name=date content='Mars 2024'>"
        b'<script type=\'application/ld+json\'>{"@type":"Article","datePublished":"2024-02-01"}</script>'
        b"<link rel=canonical href='https://www.example.org.uk/a'><time datetime='2024-05-06'>6 May</time>"
    )
    pages += [
        dated + b"<p>Words &notin; &#x80; \xe9",
        b"<div>" * 3000 + b"<p>Deep &amp; dark",
        b"",
        b"<p>\x00</p>",
        b"x",
    ]
    for number, page in enumerate(pages):
        (tmp_path / f"{number}.html").write_bytes(page)
    script = (
        "import sys\n"
        "from graph.documents import html\n"
        "html.extract(None)\n"
        "pages = [open(path, 'rb').read() for path in sys.argv[1:]]\n"
        "def forbid(event, arguments):\n"
        "    if event in ('open', 'import', 'socket.connect', 'os.listdir'):\n"
        "        print(event, arguments[0], flush=True)\n"
        "sys.addaudithook(forbid)\n"
        "for page in pages: html.extract(page)\n"
    )
    files = [str(tmp_path / f"{number}.html") for number in range(len(pages))]
    run = subprocess.run([sys.executable, "-c", script, *files], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert (run.returncode, run.stdout) == (0, ""), run.stderr


@pytest.mark.parametrize(
    ("page", "encoding"),
    [
        (b"<meta charset=latin1><p>\xe9", "windows-1252"),
        (b"<meta http-equiv=Content-Type content='text/html; charset=ISO8859-1'>\xe9", "windows-1252"),
        (b"<?xml version='1.0' encoding='koi8-r'?><html>\xe9", "koi8-r"),
        (b"<!-- <meta charset=big5> --><meta charset=sjis>\xe9", "shift_jis"),
        (b"<meta charset=no-such-thing><p>caf\xe9", "windows-1252"),
        ("<meta charset=no-such-thing><p>café".encode(), "utf-8"),
        (b"<p>caf\xe9", "windows-1252"),
        ("<meta charset=iso-8859-1><p>café".encode(), "utf-8"),
        (b"<meta charset=utf-16><p>plain", "utf-8"),
        ("<p>café".encode("utf-16-le"), "utf-16le"),
        (b"\xef\xbb\xbf<meta charset=big5>", "utf-8"),
    ],
)
def test_the_label_counts_as_in_browsers(page: bytes, encoding: str) -> None:
    assert encoding_of(page)[0] == encoding


def test_a_bad_byte_costs_one_letter() -> None:
    assert decode_page(b"<meta charset=utf-8>one \xa3 two \xc3\xa9").endswith("one \ufffd two é")
