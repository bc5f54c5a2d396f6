"""Output of the command line: plain lines for people, JSON for programs."""

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
    "counted",
    "next_steps",
    "plain",
    "print_entity",
    "print_json",
    "print_results",
    "print_table",
]

MARKS: Final = {"official": "●", "press": "◐", "weak": "◔", "background": "○", "none": " "}
"""Reliability → its symbol, which is printed before the word."""

MAX_FACTS_OF_A_RELATION: Final = 8


def next_steps(home: Home) -> str:
    """Sentence with the commands that fill an empty atlas."""
    option = f"--home {shlex.quote(str(home.root))}"
    return (
        f"Next: creative-atlas ingest FILE… {option} takes in documents, creative-atlas load FILE… {option} takes in "
        f"RDF, creative-atlas build {option} adds the starter atlas."
    )


def counted(number: int, noun: str) -> str:
    """The number with the noun, in the singular for one.

    >>> counted(1, "quad"), counted(1200, "quad")
    ('1 quad', '1,200 quads')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_results(results: Results) -> None:
    """Print the hits of a search, or why there are none."""
    if results.corrected:
        click.echo(f"Nothing matches that as written. This is what was found for: {plain(results.corrected)}")
    if results.suggestion:
        click.echo(f"Did you mean {plain(results.suggestion)}?")
    if not results.total:
        click.echo(f"Nothing found. {plain(results.hint or '')}".strip())
        click.echo("Try fewer or other words.")
        return
    prefix = "at least " if results.total_is_floor else ""
    click.echo(f"{prefix}{results.total:,} found, {results.took_ms:.0f} ms")
    if not results.hits and results.hint:
        click.echo(results.hint)
    for number, hit in enumerate(results.hits, start=1):
        origin = (hit.document.publisher, hit.document.date) if hit.document else ()
        place = [*filter(None, origin), *([f"p. {hit.page}"] if hit.page else [])]
        click.echo(f"\n{number:2}. {click.style(plain(hit.title), bold=True)}  [{hit.kind}, {hit.score:.3f}]")
        if place:
            click.echo(f"    {plain(' · '.join(place))}")
        click.echo(f"    {_marked(hit.snippet.text, hit.snippet.highlights)}")
        click.echo(f"    {hit.iri}")


def _marked(text: str, highlights: tuple[tuple[int, int], ...]) -> str:
    """Text with highlights in bold, and a space for each newline or control character."""
    parts: list[str] = []
    last = 0
    for start, end in highlights:
        parts += [plain(text[last:start]), click.style(plain(text[start:end]), bold=True)]
        last = end
    return "".join([*parts, plain(text[last:])])


def plain(text: str) -> str:
    """Text with a space for each character that a terminal would execute."""
    return "".join(char if char.isprintable() else " " for char in text)


def print_entity(view: EntityView) -> None:
    """Print an entity with its facts, their reliability and their sources."""
    click.echo(click.style(plain(view.label), bold=True) + f"  {plain(', '.join(value.label for value in view.types))}")
    if view.alt_labels:
        click.echo(f"also: {'; '.join(map(plain, view.alt_labels))}")
    if view.description:
        click.echo(plain(view.description))
    click.echo(view.iri)
    for group in view.groups:
        arrow = "←" if group.direction == "in" else "→"
        click.echo(f"\n{arrow} {plain(group.label)} ({group.total})")
        for fact in group.facts[:MAX_FACTS_OF_A_RELATION]:
            click.echo(f"   {_fact(fact)}")
        if group.total > MAX_FACTS_OF_A_RELATION:
            click.echo(f"   and {group.total - MAX_FACTS_OF_A_RELATION} more")
    if view.disputed:
        click.echo("\nClaimed, but not accepted")
        for fact in view.disputed:
            click.echo(f"   {plain(fact.predicate_label)}: {_fact(fact)}")


def _fact(fact: Fact) -> str:
    sources = "; ".join(dict.fromkeys(plain(evidence.source.title) for evidence in fact.evidence))
    strength = f"  {MARKS[fact.strength]} {fact.strength}" if fact.evidence else ""
    return f"{plain(fact.value.label)}{strength}{f'  [{sources[:160]}]' if sources else ''}"


def print_table(table: QueryTable) -> None:
    """Print a query result; columns are as wide as their content, within the width of the terminal."""
    if table.boolean is not None:
        click.echo("yes" if table.boolean else "no")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table()
    for name in table.columns:
        grid.add_column(Text(name))
    for row in table.rows:
        grid.add_row(*[Text(plain(value.label)) if value else Text("") for value in row])
    Console().print(grid)
    more = f", {len(table.rows)} shown (--format csv gives all)" if table.total > len(table.rows) else ""
    click.echo(f"{counted(table.total, 'row')}{more}, {table.took_ms:.0f} ms, generation {table.generation}")
