"""Stored items are read back as they were written, after merges too, and never from mapped memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.index.item_store import ItemStore, StoredItem
from search.index.segment_writer import DenseWriter
from search.index.segments import read_layout
from search.item import Item

DIMENSION = 4


def stored(slot: int, text: str = "") -> StoredItem:
    return StoredItem(
        slot, f"h{slot}", f"t{slot}", Item(f"u:{slot}", "passage", "A title", text or f"text {slot} " * slot)
    )


def write(source: Path | None, target: Path, items: list[StoredItem], dead: list[int]) -> None:
    writer = DenseWriter(source, target, DIMENSION)
    slots = np.array([item.slot for item in items], np.int64)
    vectors = np.full((len(items), DIMENSION), 0.5, np.float32)
    writer.add(slots, vectors, items=[item.to_bytes() for item in items])
    writer.remove(dead)
    writer.commit()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**40))
def test_an_item_is_read_as_it_was_written(text: str, slot: int) -> None:
    before = stored(slot % 50, text)
    assert StoredItem.from_bytes(before.to_bytes()) == before


@pytest.mark.parametrize("sizes", [(40, 30, 20), (100, 3), (5, 5, 5, 5)])
def test_merging_segments_keeps_live_items(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    source: Path | None = None
    first, alive = 0, list[int]()
    for number, size in enumerate(sizes):
        dead = alive[::3]
        target = tmp_path / str(number)
        write(source, target, [stored(slot) for slot in range(first, first + size)], dead)
        alive = [slot for slot in alive if slot not in dead] + list(range(first, first + size))
        first, source = first + size, target
        store = ItemStore(target)
        assert [store.at(slot) for slot in alive] == [stored(slot) for slot in alive]
        with pytest.raises(KeyError):
            store.at(first)


def test_the_file_of_items_is_not_mapped(tmp_path: Path) -> None:
    write(None, tmp_path / "one", [stored(slot) for slot in range(20)], [])
    store = ItemStore(tmp_path / "one")
    assert store.at(7) == stored(7)
    assert ".units" not in Path("/proc/self/maps").read_text("utf-8")


def test_damage_is_noticed(tmp_path: Path) -> None:
    write(None, tmp_path / "one", [stored(slot) for slot in range(20)], [])
    (segment,) = read_layout(tmp_path / "one")[1]
    file = segment.items_file(tmp_path / "one")
    sound = file.read_bytes()
    ends = segment.item_ends(tmp_path / "one")
    for at in range(int(ends[6]), int(ends[7])):
        file.write_bytes(sound[:at] + bytes([sound[at] ^ 0x55]) + sound[at + 1 :])
        with pytest.raises(ValueError, match=r"item|int|unpack|codec"):
            ItemStore(tmp_path / "one").at(7)
    file.write_bytes(sound[: int(ends[6])])
    with pytest.raises(ValueError, match="not an indexed item"):
        ItemStore(tmp_path / "one").at(7)


def test_an_item_in_the_row_of_another_is_noticed(tmp_path: Path) -> None:
    write(None, tmp_path / "one", [stored(3), stored(3)], [])
    (segment,) = read_layout(tmp_path / "one")[1]
    np.array([3, 4], np.int64).tofile(segment.slots_file(tmp_path / "one"))
    store = ItemStore(tmp_path / "one")
    assert store.at(3) == stored(3)
    with pytest.raises(ValueError, match="row of slot 4 holds the item of slot 3"):
        store.at(4)
