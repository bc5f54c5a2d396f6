"""Progress bar on a terminal; nothing where the output is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from graph.write.writer import Progress, no_progress

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Give the callback that moves the bar. The bar disappears at the end."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def move(what: str, done: int, total: int) -> None:
            bar.update(task, description=f"{title}: {what[:60]}", completed=done, total=total or None)

        yield move
