"""Decoding of bytes to clean text; refusal of binary files, other encodings and control characters."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from graph.errors import UnreadableFile

__all__ = ["clean", "decode", "guess_encoding", "without_marks"]

_BOMS: Final = (
    # UTF-32 first: its little-endian mark begins with the one of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x84\x86-\x9f]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_BREAKS: Final = re.compile("\r\n|[\r\x0c\x85\u2028\u2029]")
_MARKS: Final = re.compile("[\u00ad\u200b\u2060\ufeff]|(?<=[A-Za-z])[\u200c\u200d]+(?=[A-Za-z])")
_MAX_CONTROL_SHARE: Final = 0.05


def clean(text: str) -> str:
    """Text that every store and encoder accepts: newlines become `\\n`, control characters blanks, lone surrogates
    U+FFFD, and invisible marks inside words are removed."""
    text = _BREAKS.sub("\n", text)
    text = _CONTROLS.sub(" ", text)
    return without_marks(_SURROGATES.sub("\ufffd", text))


def without_marks(text: str) -> str:
    """Text without invisible marks for line breaks and joins, which would split a word.

    Joiners between letters of other scripts stay: there they distinguish words.

    >>> without_marks("crea\u00adtive")
    'creative'
    """
    return text if text.isascii() else _MARKS.sub("", text)


def decode(data: bytes, path: Path) -> str:
    """Clean text of a file in UTF-8 (with or without a byte order mark), or in UTF-16/32 with one.

    Raises UnreadableFile for binary content and for other encodings, with the probable encoding in the remedy.
    """
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\x00" in data:
        raise UnreadableFile(
            f"“{path.name}” is a binary file, not text.",
            "Export it as text, Markdown, HTML or PDF and try again.",
            path=path,
        )
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(data, path, error.start, encoding) from None
    if len(_CONTROLS.findall(text)) > _MAX_CONTROL_SHARE * len(text):
        raise UnreadableFile(
            f"“{path.name}” holds control characters rather than text.",
            "Export it as text, Markdown, HTML or PDF and try again.",
            path=path,
        )
    return clean(text)


def guess_encoding(data: bytes) -> str | None:
    """Name of the probable encoding, as iconv knows it; None where it is unclear."""
    sample = data[: 1 << 16]
    high = sum(byte > 0x7F for byte in sample)
    if 4 * high < len(sample):
        # Mostly ASCII with some high bytes: Western European text, if those bytes are letters and typographic marks.
        try:
            text = sample.decode("cp1252")
        except UnicodeDecodeError:
            return None
        marks = [char for char in text if ord(char) > 0x7F]
        plausible = sum(char.isalpha() or char in "‘’“”–—…•€£©®°·«»§½¼¾²³\u00a0" for char in marks)
        return "WINDOWS-1252" if plausible >= 0.9 * len(marks) else None
    from charset_normalizer import from_bytes  # only for an error message

    best = from_bytes(sample).best()
    return best.encoding.upper().replace("_", "-") if best else None


def _wrong_encoding(data: bytes, path: Path, offset: int, tried: str) -> UnreadableFile:
    """Error for bytes that cannot be decoded; `offset` is that of the first bad one."""
    if tried != "utf-8":
        return UnreadableFile(
            f"“{path.name}” begins as {tried.upper()} but is not valid at byte {offset}.",
            "Save it as UTF-8 and try again.",
            path=path,
        )
    guess = guess_encoding(data)
    if guess is None:
        return UnreadableFile(
            f"“{path.name}” is not UTF-8 text (byte {offset}).", "Save it as UTF-8 and try again.", path=path
        )
    return UnreadableFile(
        f"“{path.name}” is not UTF-8 text (byte {offset}); it looks like {guess}.",
        f"Save it as UTF-8, for example: iconv -f {guess} -t UTF-8 FILE > NEW-FILE.",
        path=path,
    )
