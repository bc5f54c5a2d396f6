"""Reader of PDF by PDFium (pypdfium2), page by page, in a sandboxed child process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from graph.documents import isolation, sniff
from graph.documents.boilerplate import line_key, running_lines
from graph.documents.encoding import clean
from graph.documents.text import no_text, shorten, title_of
from graph.model import Page, Reading

__all__ = ["MAX_BYTES", "MAX_PAGES", "extract", "read", "unwrap"]

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_PAGES: Final = 5000
MAX_ANNOTATIONS: Final = 10_000
"""On one page."""

_PASSWORD: Final = 4  # FPDF_ERR_PASSWORD
_DATE: Final = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?")
_HYPHEN: Final = re.compile(r"(\w)[\x02\u00ad\ufffe]\n?")
_SOFT_BREAK: Final = re.compile(r"(?<=[^\W\d_])-\n(?=[a-zß-ÿ])")
_STOP: Final = re.compile(r"[.!?:;][\"'”’)\]]*\d{0,3}$")
_ITEM: Final = re.compile(r"(?:[-*•‣◦·▪–]|\(?(?:\d{1,2}|[a-z])[.)])\s")


def read(path: Path) -> Reading:
    """One reading with the pages numbered from 1. Raises UnreadableFile: encrypted, broken, or no text inside."""
    if path.stat().st_size > MAX_BYTES:
        raise sniff.too_large(path, MAX_BYTES)
    answer = isolation.run("pdf", path)
    printed = [clean(_rejoin_words(str(text))) for text in answer["pages"]]
    running = running_lines(printed)
    pages = tuple(Page(number, unwrap(text, running)) for number, text in enumerate(printed, 1))
    if not any(page.text.strip() for page in pages):
        error = no_text(path)
        error.remedy = "It may be a scan: run text recognition (OCR) over it and try again."
        raise error
    name = clean(path.name)
    first = next(page.text for page in pages if page.text.strip())
    title = shorten(clean(str(answer.get("title") or "")))
    if not _is_title(title):
        title = title_of(first) or path.stem
    return Reading(identifier=name, title=title, pages=pages, kind="pdf", date=answer.get("date"))


def _is_title(title: str) -> bool:
    """Whether a title in the metadata is a real one, not a file name or the default of a word processor."""
    if len(title) < 4 or re.search(
        r"\.(?:docx?|pptx?|indd|qxd|pdf|tex|dvi|xlsx?|odt|rtf)$|^Microsoft|^untitled", title, re.I
    ):
        return False
    return " " in title or (len(title) > 12 and title.isalpha())


def extract(data: bytes | None) -> dict[str, Any]:
    """Extract pages and metadata, or `error` and `remedy`; runs in the child. Without data it loads the library."""
    import pypdfium2 as pdfium

    if data is None:
        blank = pdfium.PdfDocument.new()
        blank.init_forms()
        blank.new_page(100, 100).get_textpage().get_text_range()
        return {"pages": len(blank), **blank.get_metadata_dict()}
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD or "password" in str(error).lower():
            return {"error": "is protected by a password", "remedy": "Save a copy without the password and try again."}
        return {"error": "is not a PDF file that can be opened, perhaps broken"}
    size = len(document)
    if size > MAX_PAGES:
        return {"error": f"has more than {MAX_PAGES} pages", "remedy": "Split it into smaller files."}
    document.init_forms()
    pages: list[str] = []
    failed = 0
    for index in range(size):
        try:
            page = document[index]
            text = page.get_textpage()
            pages.append("\n".join((text.get_text_range(), *_form_values(document, page))))
            text.close()
            page.close()
        except pdfium.PdfiumError:
            pages.append("")
            failed += 1
    if failed == size:
        return {"error": "has no page that can be read, perhaps broken"}
    facts = document.get_metadata_dict(skip_empty=True)
    match = _DATE.match(facts.get("CreationDate", ""))
    return {
        "pages": pages,
        "title": facts.get("Title", ""),
        "date": "-".join(part for part in match.groups() if part) if match else None,
    }


def _form_values(document: Any, page: Any) -> Iterator[str]:
    """What was typed or chosen in the visible form fields of a page, one value each; no passwords."""
    import ctypes

    from pypdfium2 import raw

    if document.formenv is None:
        return
    typed = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
    for number in range(min(raw.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        hidden = raw.FPDFAnnot_GetFlags(annotation) & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW)
        secret = raw.FPDFAnnot_GetFormFieldFlags(document.formenv, annotation) & raw.FPDF_FORMFLAG_TEXT_PASSWORD
        if not hidden and not secret and raw.FPDFAnnot_GetFormFieldType(document.formenv, annotation) in typed:
            size = raw.FPDFAnnot_GetFormFieldValue(document.formenv, annotation, None, 0)
            value = ctypes.create_string_buffer(size)
            target = ctypes.cast(value, ctypes.POINTER(raw.FPDF_WCHAR))
            raw.FPDFAnnot_GetFormFieldValue(document.formenv, annotation, target, size)
            if text := value.raw.decode("utf-16-le", "replace").rstrip("\0").strip():
                yield text
        raw.FPDFPage_CloseAnnot(annotation)


def _rejoin_words(text: str) -> str:
    """Text with words rejoined where PDFium marks a hyphen at the end of a line."""
    return _HYPHEN.sub(r"\1", text.replace("\r\n", "\n").replace("\r", "\n"))


def unwrap(text: str, running: frozenset[str] = frozenset()) -> str:
    """Printed lines joined to paragraphs, with hyphenated words rejoined and a blank line between blocks.

    A line ends its block when it is clearly shorter than the usual line and ends a sentence, or so short that it must
    be a title or a cell; the next block then begins with a capital, a figure or a list mark. Lines whose key
    (`boilerplate.line_key`) is in `running` become blocks of their own, to be recognised later.
    """
    lines = [line.strip() for line in _SOFT_BREAK.sub("", text).split("\n")]
    width = _usual_width(lines)
    edges = set(_edges(lines)) if running else set()
    separate = {at for at in edges if line_key(lines[at]) in running}
    parts: list[str] = []
    for place, line in enumerate(lines):
        if not line:
            continue
        before = lines[place - 1] if place else ""
        if parts:
            is_separate = place in separate or place - 1 in separate
            joined = before and not is_separate and not _breaks(before, line, width)
            parts.append(" " if joined else "\n\n")
        parts.append(line)
    return "".join(parts)


def _edges(lines: Sequence[str]) -> list[int]:
    """Indexes of the first three and the last three lines that are not blank."""
    full = [at for at, line in enumerate(lines) if line]
    return [*full[:3], *full[-3:]]


def _usual_width(lines: Sequence[str]) -> int:
    """Upper quartile of the lengths of a page's lines: the length of a full line."""
    lengths = sorted(len(line) for line in lines if line)
    return lengths[3 * len(lengths) // 4] if lengths else 0


def _breaks(before: str, line: str, width: int) -> bool:
    """Whether a block ends between the two lines."""
    first = next((char for char in line if char.isalnum()), "")
    if _ITEM.match(line):
        return True
    if not (first.isupper() or first.isdigit() or line[0] in "“\"'‘("):
        return False
    short = len(before) < 0.8 * width
    return short and (bool(_STOP.search(before[-8:])) or len(before) < 0.6 * width)
