"""Reader of PDF: pages, paragraphs, and files that cannot be opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from graph.documents.pdf import unwrap
from graph.documents.read import read
from graph.errors import UnreadableFile
from graph.segmentation.passages import passages

Make = Callable[[str, str | bytes], Path]


def form(fields: Sequence[str]) -> bytes:
    """A PDF file of one page with the words "Application form" and the given form fields, without drawn values."""
    numbers = " ".join(f"{6 + at} 0 R" for at in range(len(fields)))
    stream = "BT /F1 11 Tf 50 740 Td (Application form) Tj ET"
    return assemble(
        [
            f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{numbers}] /DR << /Font << /F1 3 0 R >> >> >> >>",
            "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R /Annots [{numbers}]"
            " /Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
            *(f"<< /Type /Annot /Subtype /Widget /P 4 0 R /Rect [50 {600 - 20 * at} 300 {615 - 20 * at}]"
              f" /DA (/F1 9 Tf) /T (f{at}) {field} >>" for at, field in enumerate(fields)),
            "<< >>",
        ]
    )  # fmt: skip


def pdf(pages: Sequence[Sequence[str]], info: str = "") -> bytes:
    """A small PDF file; each page has the given lines, in Helvetica."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for i, lines in enumerate(pages):
        shown = "".join(f"({line}) Tj 0 -14 Td " for line in lines)
        stream = f"BT /F1 11 Tf 50 740 Td {shown}ET"
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {5 + 2 * i} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        bodies.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    bodies.append(f"<< {info} >>")
    return assemble(bodies)


def assemble(bodies: Sequence[str]) -> bytes:
    """A PDF file of numbered objects: the catalogue is the first, the document's information the last."""
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(bodies) + 1
    trailer = f"trailer << /Size {size} /Root 1 0 R /Info {size - 1} 0 R >>\nstartxref\n{len(out)}\n%%EOF"
    return (out + f"xref\n0 {size}\n0000000000 65535 f \n{table}" + trailer).encode("latin-1")


def test_pages_title_and_date(make: Make) -> None:
    content = pdf(
        [["First page of the report, a full line of words that", "goes on here."], [], ["Third page."]],
        "/Title (A report on clusters) /CreationDate (D:20231105120000)",
    )
    (reading,) = read(make("report.pdf", content))
    assert (reading.kind, reading.title, reading.date) == ("pdf", "A report on clusters", "2023-11-05")
    assert [page.number for page in reading.pages] == [1, 2, 3]
    assert reading.pages[0].text == "First page of the report, a full line of words that goes on here."
    assert [p.page for p in passages("d", reading)] == [1, 3]


def test_form_values_are_text(make: Make) -> None:
    content = form(
        [
            "/FT /Tx /V (a studio for wood carvers)",
            r"/FT /Tx /V <FEFF004D00FC006E0073007400650072>",
            "/FT /Ch /Ff 131072 /Opt [(Leeds) (Hull)] /V (Hull)",
            "/FT /Ch /Opt [(crafts) (games)] /V (games)",
            "/FT /Tx /Ff 8192 /V (sesame)",  # a password
            "/FT /Tx /F 2 /V (not shown)",
            "/FT /Tx",
            "/FT /Btn /V /Yes",
        ]
    )
    (reading,) = read(make("form.pdf", content))
    text = " ".join(reading.pages[0].text.split())
    assert text == "Application form a studio for wood carvers Münster Hull games"


def test_running_lines_are_no_text(make: Make) -> None:
    pages = [
        ["Annual report 2023 of the", f"Sentence {w} stands on the page.", f"{n} Contents"]
        for n, w in enumerate("abcd")
    ]
    (reading,) = read(make("r.pdf", pdf(pages)))
    assert [p.text for p in passages("d", reading)] == [f"Sentence {w} stands on the page." for w in "abcd"]


def test_a_scan_is_named_as_one(make: Make) -> None:
    with pytest.raises(UnreadableFile, match="holds no text") as caught:
        list(read(make("scan.pdf", pdf([[], []]))))
    assert "OCR" in caught.value.remedy


def test_broken_files_are_refused(make: Make) -> None:
    complete = pdf([["Words."]])
    for size in (9, 40, len(complete) // 2):
        with pytest.raises(UnreadableFile, match=r"PDF|text"):
            list(read(make("cut.pdf", complete[:size])))


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("one line that is long enough\nand goes on", "one line that is long enough and goes on"),
        ("inter-\nnational trade", "international trade"),
        ("A line of the usual length here.\nShort end.\nA new paragraph begins here now", None),
        ("First\n\nSecond", "First\n\nSecond"),
        ("some words before the list now\n• one\n• two", "some words before the list now\n\n• one\n\n• two"),
    ],
)
def test_lines_are_joined(printed: str, text: str | None) -> None:
    expected = text or "A line of the usual length here. Short end.\n\nA new paragraph begins here now"
    assert unwrap(printed) == expected
