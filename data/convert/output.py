"""Output of the converter: blocks by file, claims, and the outcome of each input record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from data.convert.turtle import Blocks, iri, text, write
from graph.iri import slugify

__all__ = ["Claim", "Output"]

_HEADINGS = {
    "entities": "Entities: each statement is claimed by every source that the block names.",
    "claims": "Claims: each is made by every source that the record names.",
    "sources": "Sources: what the facts of this atlas rest on.",
    "statistics": "Statistics: one observation a block, as its sources give it.",
    "disagreements": "Points on which sources disagree, with each position and the preferred reading.",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of the fact base. `record` is the id of the input record; `part` tells apart several of one."""

    record: str
    subject: str
    predicate: str
    obj: str
    sources: tuple[str, ...]
    status: str = "accepted"
    part: str = ""
    notes: tuple[str, ...] = ()
    confidence: str | None = None
    as_of: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(slots=True)
class Output:
    """Blocks to write, and outcomes: (file, record id) → (outcome, what it became, reason), for each input record."""

    files: dict[str, Blocks] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    outcomes: dict[tuple[str, str], tuple[str, str, str]] = field(default_factory=dict)

    def add(self, file: str, subject: str, *pairs: tuple[str, str]) -> None:
        """Add statements to the block of a subject."""
        self.files[file][subject].update(pairs)

    def open(self, file: str, subject: str) -> None:
        """Begin a block. Raises ValueError where another thing has the name already."""
        if subject in self.files[file]:
            raise ValueError(f"two things would share the name {subject} in {file}")

    def sources(self, file: str, subject: str, identifiers: Iterable[str]) -> None:
        """Name the sources of a block."""
        self.add(file, subject, *(("dcterms:source", source(name)) for name in identifiers))

    def claim(self, file: str, claim: Claim) -> str:
        """Add a claim to `claims/<file>.ttl`. Returns its IRI. Raises ValueError where the name is used already."""
        subject = iri(f"claim-record/{slugify(claim.record)}" + (f"-{slugify(claim.part)}" if claim.part else ""))
        path = f"claims/{file}.ttl"
        self.open(path, subject)
        pairs = [
            ("a", "ca:Claim"),
            ("rdf:subject", claim.subject),
            ("rdf:predicate", claim.predicate),
            ("rdf:object", claim.obj),
            ("ca:status", f"ca:{claim.status}"),
            ("ca:record", text(claim.record)),
        ]
        for name, value in (
            ("ca:confidence", claim.confidence),
            ("ca:asOf", claim.as_of),
            ("ca:validFrom", claim.valid_from),
            ("ca:validTo", claim.valid_to),
            ("ca:note", "; ".join(note for note in claim.notes if note) or None),
        ):
            if value is not None:
                pairs.append((name, text(value)))
        self.add(path, subject, *pairs)
        self.sources(path, subject, claim.sources)
        return subject

    def account(self, file: str, record: str, outcome: str, into: str, why: str = "") -> None:
        """Note the outcome of an input record."""
        self.outcomes[file, record] = (outcome, into, why)

    def write(self, folder: Path) -> None:
        """Replace every generated file below the folder; delete those that are no longer generated."""
        for stale in [*folder.glob("entities/*.ttl"), *folder.glob("claims/*.ttl")]:
            stale.unlink()
        for name, blocks in sorted(self.files.items()):
            if blocks:
                write(folder / name, blocks, _HEADINGS[name.split("/")[0].removesuffix(".ttl")])
        rows = ["file\trecord\toutcome\tinto\twhy"]
        rows += ["\t".join((*key, *value)) for key, value in sorted(self.outcomes.items())]
        (folder / "convert" / "report.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def source(identifier: str) -> str:
    """IRI of a source as Turtle, from its id in the fact base."""
    return iri(f"source/{slugify(identifier)}")
