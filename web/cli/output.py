"""What the command line prints: plain lines for people, JSON for programs."""

from __future__ import annotations

import json
import shlex
from typing import Any, Final

import click

from graph.model import EntityView, Fact
from graph.storage.generations import Home
from search.types import Results
from web.read_model.reader import QueryTable

__all__ = [
    "MARKS",
    "next_steps",
    "plain",
    "print_entity",
    "print_json",
    "print_results",
    "print_table",
]

MARKS: Final = {"official": "●", "press": "◐", "weak": "◔", "background": "○", "none": " "}
"""Reliability as a shape; the word goes with it."""

MAX_FACTS_OF_A_RELATION: Final = 8


def next_steps(home: Home) -> str:
    """What to do with an empty atlas, as commands."""
    option = f"--home {shlex.quote(str(home.root))}"
    return (
        f"Next: creative-atlas ingest FILE… {option} takes in documents, creative-atlas load FILE… {option} takes in "
        f"RDF, creative-atlas build {option} adds the starter atlas."
    )


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_results(results: Results) -> None:
    if results.corrected:
        click.echo(f"Nothing matches that as written. This is what was found for: {plain(results.corrected)}")
    if results.suggestion:
        click.echo(f"Did you mean {plain(results.suggestion)}?")
    if not results.total:
        click.echo(f"Nothing found. {plain(results.hint or '')}".strip())
        click.echo("Try fewer or other words.")
        return
    least = "at least " if results.total_is_floor else ""
    click.echo(f"{least}{results.total:,} found, {results.took_ms:.0f} ms")
    if not results.hits and results.hint:
        click.echo(results.hint)
    for number, hit in enumerate(results.hits, start=1):
        where = [part for part in (hit.document and hit.document.publisher, hit.document and hit.document.date) if part]
        page = [f"p. {hit.page}"] if hit.page else []
        click.echo(f"\n{number:2}. {click.style(hit.title, bold=True)}  [{hit.kind}, {hit.score:.3f}]")
        if where or page:
            click.echo(f"    {' · '.join([*where, *page])}")
        click.echo(f"    {_marked(hit.snippet.text, hit.snippet.highlights)}")
        click.echo(f"    {hit.iri}")


def _marked(text: str, highlights: tuple[tuple[int, int], ...]) -> str:
    """Highlights in bold; newlines and control characters, which a terminal would obey, as spaces."""
    parts: list[str] = []
    last = 0
    for start, end in highlights:
        parts += [plain(text[last:start]), click.style(plain(text[start:end]), bold=True)]
        last = end
    return "".join([*parts, plain(text[last:])])


def plain(text: str) -> str:
    """`text` without what a terminal would obey; a space for each such character."""
    return "".join(char if char.isprintable() else " " for char in text)


def print_entity(view: EntityView) -> None:
    click.echo(click.style(plain(view.label), bold=True) + f"  {', '.join(value.label for value in view.types)}")
    if view.alt_labels:
        click.echo(f"also: {'; '.join(map(plain, view.alt_labels))}")
    if view.description:
        click.echo(plain(view.description))
    click.echo(view.iri)
    for group in view.groups:
        arrow = "←" if group.direction == "in" else "→"
        click.echo(f"\n{arrow} {group.label} ({group.total})")
        for fact in group.facts[:MAX_FACTS_OF_A_RELATION]:
            click.echo(f"   {_fact(fact)}")
        if group.total > MAX_FACTS_OF_A_RELATION:
            click.echo(f"   and {group.total - MAX_FACTS_OF_A_RELATION} more")
    if view.disputed:
        click.echo("\nClaimed, but not accepted")
        for fact in view.disputed:
            click.echo(f"   {fact.predicate_label}: {_fact(fact)}")


def _fact(fact: Fact) -> str:
    sources = "; ".join(dict.fromkeys(plain(evidence.source.title) for evidence in fact.evidence))
    strength = f"  {MARKS[fact.strength]} {fact.strength}" if fact.evidence else ""
    return f"{plain(fact.value.label)}{strength}{f'  [{sources[:160]}]' if sources else ''}"


def print_table(table: QueryTable) -> None:
    """Columns as wide as their content, within the terminal's width."""
    if table.boolean is not None:
        click.echo("yes" if table.boolean else "no")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table()
    for name in table.columns:
        drawn.add_column(Text(name))
    for row in table.rows:
        drawn.add_row(*[Text(plain(value.label)) if value else Text("") for value in row])
    Console().print(drawn)
    more = f", {len(table.rows)} shown (--format csv gives all)" if table.total > len(table.rows) else ""
    rows = "1 row" if table.total == 1 else f"{table.total:,} rows"
    click.echo(f"{rows}{more}, {table.took_ms:.0f} ms, generation {table.generation}")
