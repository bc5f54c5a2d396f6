"""Record of one indexed item, as the index stores it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, Final, Literal

__all__ = ["EntityRef", "Item", "Kind"]

Kind = Literal["passage", "entity"]


@dataclass(frozen=True, slots=True)
class EntityRef:
    """An entity as a hit names it. `kind` is its main class in words ("R&D cluster"), empty if it has none."""

    iri: str
    label: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One indexed item: a passage of a document, or the card of an entity.

    `title` is the document's title or the entity's label; `heading` the path of headings ("A > B"); `about` describes
    the document's subject in words. Tuples hold IRIs, except `aliases`. `date` is ISO 8601 of any precision. `page`
    counts from 1; 0 means that the document has no pages. `type_labels`: labels of a card's `types`, in their order.
    `names`: of those of the `entities` that have no card. Raises ValueError without an IRI or with an unknown kind.
    """

    iri: str
    kind: Kind
    title: str = ""
    text: str = ""
    heading: str = ""
    about: str = ""
    aliases: tuple[str, ...] = ()
    document: str | None = None
    document_id: str | None = None
    document_title: str | None = None
    publisher: str | None = None
    date: str | None = None
    source_url: str | None = None
    page: int = 0
    collection: str | None = None
    types: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    reliability: str | None = None
    type_labels: tuple[str, ...] = ()
    names: tuple[EntityRef, ...] = ()

    def __post_init__(self) -> None:
        if not self.iri:
            raise ValueError("an item needs an IRI")
        if self.kind not in ("passage", "entity"):
            raise ValueError(f"unknown kind of item: {self.kind!r}")

    @property
    def hash(self) -> str:
        """Hex digest of all fields. An item whose hash is unchanged is not indexed again."""
        return hashlib.sha256(self.to_json()).hexdigest()[:32]

    @property
    def embedding_text(self) -> str:
        """Text that the encoder reads: title, aliases, subject and heading before the text itself."""
        parts = (self.title, ", ".join(self.aliases), self.about, self.heading)
        head = ". ".join(part for part in parts if part)
        return f"{head}\n{self.text}" if self.text else head

    def to_json(self) -> bytes:
        """Compact UTF-8 JSON without the fields that hold their default."""
        values = {name: value for name in _ITEM_FIELDS if (value := getattr(self, name)) not in (None, "", (), 0)}
        text = json.dumps(values, default=asdict, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")

    @classmethod
    def from_json(cls, data: bytes) -> Item:
        """The inverse of `to_json`. Unknown keys are ignored, so that a later version can add some.

        Raises ValueError if `data` is not the JSON of an item.
        """
        import msgspec

        try:
            item: Item = _decoder().decode(data)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not an indexed item: {error}") from error
        return item


@cache
def _decoder() -> Any:
    import msgspec

    return msgspec.json.Decoder(Item)


_ITEM_FIELDS: Final = dict.fromkeys(field.name for field in fields(Item))
