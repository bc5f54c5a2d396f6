"""Sets to measure ranking with, in the layout of BEIR, made from texts that Debian ships.

- `faq`: the questions of the FAQs of Perl, Python, Debian and R; the relevant text is
  its answer (without the question). 581 questions in everyday words.
- `packages`: the descriptions of the software on this machine, one for each source package. The one-line summary is the
  query, the long description (without the summary) the text to find. Known items: the number depends on the machine.

`apt-get download` fetches the FAQ packages once, into the work folder.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

__all__ = ["faq", "packages"]

_FAQS = ("perl-doc", "python3.11-doc", "debian-faq", "r-doc-html")
MIN_ANSWER_CHARS = 80
MIN_DESCRIPTION_CHARS = 200

Pair = tuple[str, str]
"""A query and the text that answers it."""


def faq(work: Path) -> Path | None:
    """The folder of the set; None where the packages cannot be fetched."""
    target = work / "faq-set"
    if not (target / "qrels.tsv").is_file():
        root = _unpacked(work / "debian")
        if root is None:
            return None
        pairs = [*_perl(root), *_python(root), *_debian(root), *_r(root)]
        # In a query, quotation marks mean an exact phrase; in these questions they are punctuation.
        plain = [(" ".join(question.replace('"', " ").split()), answer) for question, answer in pairs]
        _write(
            target,
            [
                (question, answer)
                for question, answer in plain
                if question.endswith("?") and len(answer) >= MIN_ANSWER_CHARS
            ],
        )
    return target


def packages(work: Path) -> Path | None:
    """The folder of the set; None on a machine without dpkg."""
    target = work / "packages-set"
    if not (target / "qrels.tsv").is_file():
        try:
            listed = subprocess.run(
                ["dpkg-query", "-W", "-f", "${source:Package}\n${Description}\n\x1e"],
                capture_output=True, check=True, text=True,
            ).stdout  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            return None
        pairs: dict[str, Pair] = {}
        for record in listed.split("\x1e"):
            source, _, summary = record.partition("\n")
            short, _, long = summary.partition("\n")
            description = re.sub(r"^ \.?", "", long, flags=re.MULTILINE).strip()
            if len(description) >= MIN_DESCRIPTION_CHARS and len(short.split()) > 2:
                pairs.setdefault(source, (short, description))
        _write(target, list(pairs.values()))
    return target


def _unpacked(folder: Path) -> Path | None:
    folder.mkdir(parents=True, exist_ok=True)
    root = folder / "root"
    if not root.is_dir():
        try:
            subprocess.run(["apt-get", "download", "-q", *_FAQS], cwd=folder, check=True, capture_output=True)
            for file in folder.glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", str(file), str(root)], check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
    return root / "usr" / "share"


def _perl(root: Path) -> Iterator[Pair]:
    for file in sorted(root.glob("perl/5*/pod/perlfaq[1-9].pod")):
        text = file.read_text("utf-8", "replace")
        for question, answer in re.findall(r"^=head2 (.+?)\n\n(.*?)(?=^=head|\Z)", text, re.MULTILINE | re.DOTALL):
            yield _pod(question), _pod(re.sub(r"^=\w+.*$", "", answer, flags=re.MULTILINE))


def _pod(text: str) -> str:
    return re.sub(r"[A-Z]<+\s?(.*?)\s?>+", r"\1", text).strip()


def _python(root: Path) -> Iterator[Pair]:
    heading = r"^([^\n]+\?)\n[-~=^]{4,}\n(.*?)(?=^[^\n]+\n[-~=^]{4,}\n|\Z)"
    for file in sorted(root.glob("doc/python3.11/html/_sources/faq/*.txt")):
        for question, answer in re.findall(heading, file.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            plain = re.sub(r":\w+:`~?([^`<]+?)(?:\s*<[^`]*>)?`", r"\1", answer)
            yield question, re.sub(r"^\.\. .*$", "", plain, flags=re.MULTILINE).strip()


def _debian(root: Path) -> Iterator[Pair]:
    text = gzip.decompress((root / "doc/debian/FAQ/debian-faq.en.txt.gz").read_bytes()).decode().replace("\xa0", " ")
    text = text[text.rindex("1.1. What is this FAQ?") - 1 :]
    section = r"^\d+(?:\.\d+)+\. ((?:[^\n]+\n)+?)\n(.*?)(?=^(?:\d+(?:\.\d+)+\. |Chapter )|\Z)"
    for question, answer in re.findall(section, text, re.MULTILINE | re.DOTALL):
        yield question, re.sub(r"^ +", "", answer, flags=re.MULTILINE).strip()


def _r(root: Path) -> Iterator[Pair]:
    from lxml import html  # type: ignore[import-untyped]

    for heading in html.parse(str(root / "R/doc/manual/R-FAQ.html")).getroot().iter("h3", "h4"):
        parts = []
        after = heading.getnext()
        while after is not None and after.tag not in ("h2", "h3", "h4", "div"):
            parts.append(after.text_content())
            after = after.getnext()
        yield re.sub(r"^[\d.]+\s*", "", heading.text_content()), "\n".join(parts).strip()


def _write(folder: Path, pairs: list[Pair]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, column in (("queries", 0), ("corpus", 1)):
        lines = [json.dumps({"_id": str(at), "title": "", "text": pair[column]}) for at, pair in enumerate(pairs)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    judged = ["query-id\tcorpus-id\tscore", *(f"{at}\t{at}\t1" for at in range(len(pairs)))]
    (folder / "qrels.tsv").write_text("\n".join(judged) + "\n", "utf-8")
