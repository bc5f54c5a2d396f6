"""Example queries of a data folder: SPARQL files that start with `# title:`, `# question:` and `# tags:`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from web.read_model.reader import Example

__all__ = ["read_examples"]


@lru_cache(maxsize=4)
def read_examples(folder: Path) -> tuple[Example, ...]:
    """The examples in a folder, by title; the title of a file without one is its name."""
    examples = (_read(path) for path in sorted(folder.glob("*.rq")))
    return tuple(sorted(examples, key=lambda example: example.title.casefold()))


def _read(path: Path) -> Example:
    header: dict[str, str] = {}
    lines = path.read_text("utf-8").splitlines()
    while lines and lines[0].startswith("#"):
        name, _, value = lines.pop(0).lstrip("# ").partition(":")
        header[name.strip()] = value.strip()
    return Example(
        slug=path.stem,
        title=header.get("title", path.stem),
        question=header.get("question", ""),
        query="\n".join(lines).strip() + "\n",
        tags=tuple(tag.strip() for tag in header.get("tags", "").split(",") if tag.strip()),
    )
