"""Boilerplate: the lines of a saved web page or a paged report that are not part of its text.

Four rules, none of them for one site only:
1. a control or notice ("Skip to content", "Accept all cookies", "© 2024 …"; see `graph.documents.website_notices`);
2. a menu: four or more short lines in a row without a sentence, at the beginning or the end of the text;
3. a repeated line: a title above the article, a teaser printed twice;
4. a running header or footer: the same line, numbers aside, at the edge of most pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from graph.documents.website_notices import is_notice

__all__ = ["boilerplate_spans", "is_sentence", "line_key", "lines_of", "running_lines"]

_TERMINAL: Final = re.compile(r"[.!?…:;][\"'”’)\]]*\d{0,3}$")
MIN_MENU_LINES: Final = 4
MAX_MENU_WORDS: Final = 5
MIN_REPEAT_CHARS: Final = 40
_DIGITS: Final = re.compile(r"\d+")


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    """[start, end) of each line that is not blank, without surrounding blanks."""
    at = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped:
            start = at + line.index(stripped[0])
            yield start, start + len(stripped)
        at += len(line) + 1


def is_sentence(line: str) -> bool:
    """Whether the line reads as prose: it ends like a sentence, or is too long for a title or a menu entry."""
    words = line.split(maxsplit=25)
    return len(words) > 25 or (len(words) > 3 and _TERMINAL.search(line[-8:]) is not None)


def boilerplate_spans(
    text: str, running: frozenset[str] = frozenset(), *, has_menus: bool = True
) -> frozenset[tuple[int, int]]:
    """[start, end) of the lines of a page that are not part of its text. `running`: keys from `running_lines`.

    `has_menus`: menus may be among the lines; not where the page's own marks told them from lists of terms and names.
    """
    spans = list(lines_of(text))
    dropped = {span for span in spans if is_notice(text[slice(*span)])}
    if running:
        edges = {span for span in (*spans[:3], *spans[-3:]) if line_key(text[slice(*span)]) in running}
        dropped |= edges if len(edges) < len(spans) else set()  # on a page without other lines they are the text
    remaining = [span for span in spans if span not in dropped]
    dropped |= _menus(text, remaining) if has_menus else set()
    dropped |= _repeats(text, [span for span in remaining if span not in dropped])
    return frozenset(dropped)


def running_lines(pages: Sequence[str]) -> frozenset[str]:
    """Keys of the lines that stand at the edges of a third of the pages or more, and of at least three."""
    if len(pages) < 3:
        return frozenset()
    counts: Counter[str] = Counter()
    for text in pages:
        spans = list(lines_of(text))
        counts.update({line_key(text[slice(*span)]) for span in (*spans[:3], *spans[-3:])})
    least = max(3, (len(pages) + 1) // 3)
    return frozenset(key for key, count in counts.items() if count >= least)


def line_key(line: str) -> str:
    """Key by which a running line is recognised on other pages: its words, without case and figures."""
    return _DIGITS.sub("#", " ".join(line.casefold().split()))[:200]


def _menus(text: str, spans: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Runs of short entries before the first and after the last line of prose."""
    prose = [i for i, span in enumerate(spans) if is_sentence(text[slice(*span)])]
    if not prose:
        return set()  # all lines are short: a list or a poem, not a page with a menu
    menu: set[tuple[int, int]] = set()
    for region, before_prose in ((spans[: prose[0]], True), (spans[prose[-1] + 1 :], False)):
        for run in _entry_runs(text, region):
            # The last line before the prose is probably its title.
            entries = run[:-1] if before_prose and run[-1] == region[-1] else run
            if len(entries) >= MIN_MENU_LINES:
                menu.update(entries)
    return menu


def _entry_runs(text: str, region: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Runs of menu entries with the same spacing."""
    run: list[tuple[int, int]] = []
    spacing = 0
    for span in region:
        if not _is_entry(text[slice(*span)]):
            if run:
                yield run
            run = []
            continue
        gap = text.count("\n", run[-1][1], span[0]) if run else 0
        if len(run) > 1 and gap != spacing:
            yield run
            run = []
        spacing = gap
        run.append(span)
    if run:
        yield run


def _is_entry(line: str) -> bool:
    """Whether the line may be a menu entry: a few words, no sentence, no heading mark, list mark or figure."""
    if line.startswith(("#", "- ", "* ", "|")) or " | " in line or any(char.isdigit() for char in line):
        return False
    return len(line) <= 60 and len(line.split()) <= MAX_MENU_WORDS and _TERMINAL.search(line) is None


def _repeats(text: str, spans: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Repeated lines: long ones anywhere, any line above the first prose. Table rows may repeat."""
    earlier: set[str] = set()
    repeats: set[tuple[int, int]] = set()
    above = True
    for span in spans:
        line = " ".join(text[slice(*span)].split())
        above = above and not is_sentence(line)
        bare = line.lstrip("# ").casefold()
        if bare in earlier and "|" not in line and (above or len(line) >= MIN_REPEAT_CHARS):
            repeats.add(span)
        earlier.add(bare)
    return repeats
