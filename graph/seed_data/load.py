"""Load of a data folder as one `Starter`: everything is checked and expanded, nothing is written yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from graph.documents.read import read
from graph.errors import BadData
from graph.model import Reading
from graph.seed_data.check import check_identity, check_properties, check_sources
from graph.seed_data.claim_expansion import entity_claims, plain, record_claims
from graph.seed_data.turtle import Block, read_blocks
from graph.storage.snapshot import term

__all__ = ["Starter", "digest_of", "load"]


@dataclass(frozen=True, slots=True)
class Starter:
    """Content of a data folder. `facts` are for the default graph; `claims` are in the graphs of their sources.

    `readings` are the policy notes with their files; `digest` identifies the content of the folder.
    """

    facts: tuple[ox.Quad, ...]
    claims: tuple[ox.Quad, ...]
    readings: tuple[tuple[Path, Reading], ...]
    digest: str


def digest_of(folder: Path) -> str:
    """SHA-256 over the names and contents of the files that a build reads."""
    checksum = hashlib.sha256()
    for path in sorted([*folder.rglob("*.ttl"), *folder.glob("texts/*.md")]):
        content = path.read_bytes()
        checksum.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return checksum.hexdigest()


def load(folder: Path) -> Starter:
    """Read and check a whole folder. Raises BadData with file, line and remedy, before anything is built.

    >>> _ = (folder / "ontology.ttl").write_text("<urn:P> a <http://www.w3.org/2002/07/owl#Class> .")
    >>> len(load(folder).facts)
    1
    """
    if not (folder / "ontology.ttl").is_file():
        raise BadData("There is no ontology.ttl here.", "Give a folder laid out like the project's data/.", path=folder)
    ontology = list(read_blocks(folder / "ontology.ttl"))
    sources = _blocks(folder, "sources.ttl")
    entities = [*_blocks(folder, "entities/*.ttl"), *_blocks(folder, "statistics.ttl")]
    records = _blocks(folder, "claims/*.ttl")
    other = _blocks(folder, "disagreements.ttl")

    defined = {block.subject.value for block in ontology}
    known = {block.subject for block in sources}
    for blocks in (sources, entities, records, other):
        check_properties(blocks, defined)
        check_sources(blocks, known)
    check_identity([*sources, *entities])
    check_identity(records)

    identifiers = {value.value for block in sources for value in block.values(term("dcterms:identifier"))}
    return Starter(
        facts=tuple(quad for block in [*ontology, *sources, *other] for quad in plain(block)),
        claims=tuple(
            [quad for block in entities for quad in entity_claims(block)]
            + [quad for block in records for quad in record_claims(block)]
        ),
        readings=tuple(_notes(folder, identifiers)),
        digest=digest_of(folder),
    )


def _blocks(folder: Path, pattern: str) -> list[Block]:
    return [block for path in sorted(folder.glob(pattern)) for block in read_blocks(path)]


def _notes(folder: Path, known: set[str]) -> Iterator[tuple[Path, Reading]]:
    for path in sorted(folder.glob("texts/*.md")):
        for reading in read(path):
            if not reading.sources:
                raise BadData(
                    "This note names no source.", "List the ids of its sources under `sources:`.", path=path, line=1
                )
            for source in reading.sources:
                if source not in known:
                    raise BadData(
                        f"{source!r} is not a known source.",
                        "Describe it in sources.ttl, or correct it.",
                        path=path,
                        line=1,
                    )
            yield path, reading
