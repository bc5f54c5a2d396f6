"""Reader of Markdown with optional YAML front matter; headings and list items stay as lines of plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from graph.documents import encoding, sniff
from graph.documents.text import no_text, shorten, title_of
from graph.errors import BadData
from graph.model import Page, Reading

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["front_matter", "plain", "read"]

_FENCE: Final = re.compile(r"---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
MAX_FRONT_MATTER_CHARS: Final = 64 * 1024
MAX_INLINE_CHARS: Final = 4000  # the inline parser is quadratic on unmatched brackets; longer blocks stay as written
_HEADING: Final = re.compile(r"^(#{1,6}) (.+)$", re.M)
_TAG: Final = re.compile(r"<[^<>]{0,500}>")
_BREAK: Final = re.compile(r"<(?:br|/?p|/?div|hr)\b", re.I)
_KNOWN: Final = frozenset(
    {"id", "title", "kind", "date", "publisher", "about", "themes", "places", "sources", "url", "source_url"}
)


def read(path: Path) -> Reading:
    """One reading with one page numbered 0, of kind `markdown` unless the front matter names another.

    Raises UnreadableFile, and BadData where the front matter does not parse.
    """
    fields, body = front_matter(encoding.decode(sniff.read_bytes(path), path), path)
    text = plain(body)
    if not text.strip():
        raise no_text(path)
    name = encoding.clean(path.name)
    heading = _HEADING.search(text)
    title = _one(fields.get("title")) or (heading.group(2) if heading else "") or title_of(text) or path.stem
    return Reading(
        identifier=name,
        title=shorten(title),
        pages=(Page(0, text),),
        kind=_one(fields.get("kind")) or "markdown",
        date=_one(fields.get("date")) or None,
        publisher=_one(fields.get("publisher")) or None,
        source_url=_one(fields.get("source_url")) or _one(fields.get("url")) or None,
        themes=_several(fields.get("themes")),
        places=_several(fields.get("places")),
        sources=_several(fields.get("sources")),
        about=_several(fields.get("about")),
        extra=MappingProxyType({k: _one(v) for k, v in fields.items() if k not in _KNOWN and _one(v)}),
    )


def front_matter(text: str, path: Path | None = None) -> tuple[Mapping[str, Any], str]:
    """Fields between the opening `---` lines, and the text after them. Raises BadData where they are not YAML."""
    match = _FENCE.match(text, 0, MAX_FRONT_MATTER_CHARS)
    if not match:
        return {}, text
    import yaml

    try:
        fields = yaml.load(match.group(1), Loader=_loader())  # noqa: S506 (it builds strings, lists and maps only)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "nested too deeply"
        line = mark.line + 2 if mark else 1
        raise BadData(
            f"the front matter is not valid YAML ({reason}).", _yaml_remedy(match.group(1)), path=path, line=line
        ) from None
    if fields is None or fields == "":
        return {}, text[match.end() :]
    if not isinstance(fields, dict):
        return {}, text  # the text begins with a rule, not with fields
    return {str(key): value for key, value in fields.items()}, text[match.end() :]


@lru_cache(maxsize=1)
def _loader() -> Any:
    """Loader that reads every scalar as a string, so that a date keeps its precision, and an unquoted null as None."""
    import yaml

    class Loader(yaml.BaseLoader):
        """Strings, lists, maps and null."""

    null = "tag:yaml.org,2002:null"
    Loader.add_implicit_resolver(null, re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
    Loader.add_constructor(null, lambda loader, node: None)
    return Loader


def _yaml_remedy(source: str) -> str:
    if re.search(r"^[ ]*\t", source, re.M):
        return "Indent with blanks: YAML allows no tabs at the beginning of a line."
    return "Quote values that hold a colon."


def plain(source: str) -> str:
    """Markdown as plain text: `# ` headings and `- ` items stay; emphasis, links and tags are removed."""
    blocks: list[str] = []
    prefix = ""
    row: list[str] | None = None
    definitions: dict[str, Any] = {}  # of reference links, which stand in other blocks
    for token in _parser().parse(source, definitions):
        match token.type:
            case "heading_open":
                prefix = "#" * int(token.tag[1]) + " "
            case "list_item_open":
                prefix = (f"{token.info}{token.markup}" if token.info else "-") + " "
            case "tr_open":
                row = []
            case "tr_close":
                blocks.append(" | ".join(row or ()))
                row = None
            case "inline":
                text = _inline(token.content, definitions)
                if row is not None:
                    row.append(" ".join(text.split()))
                elif text:
                    blocks.append(prefix + (text.replace("\n", " ") if prefix.startswith("#") else text))
                prefix = ""
            case "fence" | "code_block" | "html_block":
                blocks.append(_literal(token))
    return encoding.clean("\n\n".join(block for block in blocks if block.strip()) + "\n")


def _literal(token: Token) -> str:
    """Code unchanged, raw HTML without its tags."""
    return _TAG.sub(" ", token.content).strip() if token.type == "html_block" else token.content.rstrip("\n")


def _inline(content: str, definitions: dict[str, Any]) -> str:
    if len(content) > MAX_INLINE_CHARS:
        return content.strip()
    tokens = _parser(inline=True).parseInline(content, definitions)
    return _flat(tokens[0].children or []).strip() if tokens else ""


def _flat(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak") or (token.type == "html_inline" and _BREAK.match(token.content)):
            parts.append("\n")
        elif token.type == "image":
            parts.append(_flat(token.children or []))
    return "".join(parts)


@lru_cache(maxsize=2)
def _parser(inline: bool = False) -> MarkdownIt:
    """Parser of blocks, or of inline marks: separate, so that the inline rules run on one block at a time."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    if not inline:
        parser.core.ruler.disable(["inline", "text_join"])
    return parser


def _one(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _several(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(text for text in map(_one, values) if text)
