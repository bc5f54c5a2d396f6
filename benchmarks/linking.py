"""Entity linking measured on OKE 2016: precision, recall and F1 of the gazetteer linker over a closed catalogue.

    python benchmarks/linking.py [FOLDER]     FOLDER holds documents.jsonl and catalogue.nt

A predicted mention is correct when its offsets and its entity are those of the gold standard. Optional gold
mentions and mentions without an entity are not scored. Pronouns and common nouns ("his", "brother") are in the gold
standard, but a gazetteer cannot link them: the second line excludes gold mentions without a capital letter.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from graph.linking.linker import Entry, Gazetteer, link
from graph.model import Passage

LABEL: Final = "http://www.w3.org/2000/01/rdf-schema#label"
FOLDER: Final = Path(__file__).resolve().parents[1] / "../shared/sets/oke-2016"
HUMAN: Final = "http://www.wikidata.org/entity/Q215627"

Span = tuple[int, int, int, str]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    documents = [json.loads(line) for line in (folder / "documents.jsonl").read_text("utf-8").splitlines()]
    began = time.perf_counter()
    entries = list(read_catalogue(folder / "catalogue.nt"))
    loaded = time.perf_counter()
    gazetteer = Gazetteer(entries, people=[HUMAN])
    built = time.perf_counter()
    gold, predicted, unscored = spans(documents, gazetteer)
    linked = time.perf_counter()
    print(f"{len(entries)} labels read in {loaded - began:.2f} s, gazetteer {built - loaded:.2f} s")
    print(f"{len(documents)} texts linked in {1000 * (linked - built):.1f} ms")
    report("all gold mentions", gold, predicted - unscored)
    names = {span for span in gold if any(char.isupper() for char in text_of(documents, span))}
    report("named gold mentions", names, predicted - unscored - (gold - names))


def read_catalogue(path: Path) -> list[Entry]:
    """Entries with one label and one kind for each entity. An entity that has HUMAN among its kinds gets HUMAN."""
    labels: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for triple in ox.parse(path=str(path), format=ox.RdfFormat.N_TRIPLES):
        subject, value = str(getattr(triple.subject, "value", "")), str(getattr(triple.object, "value", ""))
        if triple.predicate.value == LABEL:
            labels[subject] = value
        elif kinds.get(subject) != HUMAN:
            kinds[subject] = value
    return [Entry(iri, label, kind=kinds.get(iri, "")) for iri, label in labels.items()]


def spans(documents: list[dict[str, Any]], gazetteer: Gazetteer) -> tuple[set[Span], set[Span], set[Span]]:
    """Gold mentions, predicted mentions, and the predicted mentions that are not scored."""
    gold: set[Span] = set()
    predicted: set[Span] = set()
    unscored: set[Span] = set()
    for number, document in enumerate(documents):
        text = document["text"]
        open_places = set()
        for mention in document["entities"]:
            place = (number, mention["start"], mention["end"])
            if mention["entity"] and not mention["optional"]:
                gold.add((*place, mention["entity"]))
            else:
                open_places.add(place)
        for m in link(Passage("p", "d", 0, text, 0, len(text)), gazetteer):
            span = (number, m.start, m.end, m.entity)
            predicted.add(span)
            if span[:3] in open_places:
                unscored.add(span)
    return gold, predicted, unscored


def text_of(documents: list[dict[str, Any]], span: Span) -> str:
    return str(documents[span[0]]["text"][span[1] : span[2]])


def report(name: str, gold: set[Span], predicted: set[Span]) -> None:
    hits = len(gold & predicted)
    precision = hits / len(predicted) if predicted else 0.0
    recall = hits / len(gold) if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    print(f"{name:20} gold {len(gold):4}  predicted {len(predicted):4}  P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}")


if __name__ == "__main__":
    main()
