"""A small atlas in memory that answers everything the pages ask: triples, claims, a search by words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from graph.errors import QuerySyntax, QueryTimeout, UnknownEntity
from graph.iri import DEFAULT_BASE, claim_iri, document_iri, passage_iri, slugify
from graph.model import Document, EntityView, Evidence, Fact, FactGroup, Mention, Passage, Source, Value
from graph.sparql.syntax.lexer import position
from search.types import Completion, DocumentRef, Hit, Query, Results, Snippet
from tests.support.fake_search import explain, passes, results_of, spans_of
from tests.support.world import Records
from web.read_model.reader import (
    Backed,
    Disagreement,
    DocumentView,
    Edge,
    Example,
    Kind,
    Listing,
    MarkedPassage,
    Neighbourhood,
    Node,
    Overview,
    Position,
    QueryTable,
    Ref,
    Similar,
    Slice,
    Spot,
    Term,
    Tone,
)

__all__ = ["ONTOLOGY", "FakeAtlas"]

ONTOLOGY = "https://w3id.org/creative-atlas/ontology#"
_INVERSES = {"director of": "director"}
_TONES: dict[str, Tone] = {"person": "person", "place": "place"}


class FakeAtlas:
    base = DEFAULT_BASE

    def __init__(self, records: Records) -> None:
        self._refs: dict[str, Ref] = {}
        self._records = {self._iri(record["id"]): record for record in records.entities}
        for iri, record in self._records.items():
            kind = str(record["type"]).replace("_", " ")
            self._refs[iri] = Ref(iri, record["label"], kind, _TONES.get(kind.lower(), "other"))
        self._sources = {record["id"]: self._source(record) for record in records.sources}
        self._relations = records.relations
        self._conflicts = tuple(self._conflict(record) for record in records.conflicts)
        self._documents: dict[str, Document] = {}
        self._passages: list[Passage] = []
        for document in records.documents:
            self._take_in(*document)

    def _iri(self, identifier: str) -> str:
        kind, _, name = identifier.partition(":")
        return f"{self.base}{kind}/{slugify(name)}"

    def _class(self, kind: str) -> str:
        return ONTOLOGY + "".join(re.findall(r"[A-Za-z]+", kind.title()))

    def _source(self, record: dict[str, str]) -> Source:
        return Source(
            f"{self.base}source/{slugify(record['id'])}", record["title"], record["publisher"], record["date"],
            record["url"], record["reliability"],  # type: ignore[arg-type]
        )  # fmt: skip

    def _conflict(self, record: dict[str, object]) -> Disagreement:
        claims: list[dict[str, object]] = record["claims"]  # type: ignore[assignment]
        about: list[str] = record["about"]  # type: ignore[assignment]
        return Disagreement(
            self._iri(str(record["id"])), str(record["topic"]),
            tuple(self._refs[self._iri(name)] for name in about if self._iri(name) in self._refs),
            tuple(
                Position(str(claim["claim"]), tuple(self._sources[s] for s in claim["source"]))  # type: ignore[attr-defined]
                for claim in claims
            ),
            str(record["preferred"]),
        )  # fmt: skip

    def _take_in(self, title: str, publisher: str, date: str, source: str, paragraphs: tuple[str, ...]) -> None:
        iri = document_iri("starter", title)
        heading: tuple[str, ...] = ()
        index = at = 0
        for paragraph in paragraphs:
            if paragraph.startswith("# "):
                heading = (paragraph[2:],)
                continue
            end = at + len(paragraph)
            self._passages.append(Passage(passage_iri(iri, index), iri, index, paragraph, at, end, index + 1, heading))
            index, at = index + 1, end + 1
        held = self._sources[source]
        self._documents[iri] = Document(
            iri, title[:40], title, "starter", "note", "0" * 64, publisher, date, held.url, held.reliability, index
        )

    def _mentions(self, passage: Passage) -> tuple[Mention, ...]:
        found: list[Mention] = []
        for iri, record in self._records.items():
            for name in (record["label"], *(record.get("altLabels") or ())):
                for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", passage.text):
                    found.append(Mention(passage.iri, iri, match.start(), match.end(), match[0]))
        kept: list[Mention] = []
        for mention in sorted(found, key=lambda m: (m.start, -m.end)):
            if not kept or mention.start >= kept[-1].end:
                kept.append(mention)
        return tuple(kept)

    def overview(self) -> Overview:
        kinds = Counter(ref.kind for ref in self._refs.values())
        return Overview(
            entities=len(self._refs),
            facts=len(self._relations),
            sources=len(self._sources),
            official_sources=sum(source.reliability == "official" for source in self._sources.values()),
            documents=len(self._documents),
            passages=len(self._passages),
            kinds=tuple(Kind(self._class(kind), kind, count) for kind, count in kinds.most_common()),
            recent=self.documents(None, 5, 0).items,
            disagreements=self._conflicts,
            questions=("Who funds InGAME?", "access to finance", "What was the budget of Creative Scale-Up?"),
            spots=tuple(
                Spot(self._refs[iri], float(record["lat"]), float(record["lon"]))
                for iri, record in self._records.items()
                if record.get("lat") and iri.split("/")[-2] in ("cluster", "ttwa", "micro")
            ),
            generation=42,
            built="2026-11-22",
        )

    def search(self, query: Query) -> Results:
        words = set(re.findall(r"\w{3,}", query.text.lower()))
        hits = [hit for hit in (*self._entity_hits(words), *self._passage_hits(words)) if passes(hit, query)]
        return results_of(query, hits)

    def _entity_hits(self, words: set[str]) -> Iterator[Hit]:
        for iri, record in self._records.items():
            text = record.get("description") or ""
            spans = spans_of(text, words)
            score = len(spans_of(record["label"], words)) * 2 + len(spans)
            if score:
                kinds = (self._class(str(record["type"]).replace("_", " ")),)
                explained = explain(words, score)
                yield Hit(
                    iri, "entity", score, record["label"], Snippet(text, spans), None, 0, (iri,), kinds, None, explained
                )

    def _passage_hits(self, words: set[str]) -> Iterator[Hit]:
        for passage in self._passages:
            spans = spans_of(passage.text, words)
            if spans:
                held = self._documents[passage.document]
                document = DocumentRef(held.iri, held.id, held.title, held.publisher, held.date, held.source_url)
                named = tuple(mention.entity for mention in self._mentions(passage))
                yield Hit(
                    passage.iri, "passage", len(spans), held.title, Snippet(passage.text, spans), document,
                    passage.page, named, (), held.reliability, explain(words, len(spans)),
                )  # fmt: skip

    def refs(self, iris: tuple[str, ...]) -> dict[str, Ref]:
        classes = {self._class(ref.kind): Ref(self._class(ref.kind), ref.kind) for ref in self._refs.values()}
        relations = {ONTOLOGY + slugify(name): Ref(ONTOLOGY + slugify(name), name) for name in self._names()}
        known = {**classes, **relations, **self._refs}
        return {iri: known.get(iri) or Ref(iri, re.split("[/#]", iri)[-1]) for iri in iris}

    def _names(self) -> Iterator[str]:
        yield from (str(record["predicate"]).replace("_", " ") for record in self._relations)

    def entity(self, iri: str) -> EntityView:
        ref = self._known(iri)
        record = self._records[iri]
        groups: dict[tuple[str, str], list[Fact]] = {}
        for fact in self._facts(iri):
            groups.setdefault((fact.predicate, fact.direction), []).append(fact)
        kind = Value("iri", self._class(ref.kind), ref.kind)
        return EntityView(
            iri, ref.label, tuple(record.get("altLabels") or ()), (kind,), record.get("description"),
            tuple(
                FactGroup(facts[0].predicate, facts[0].predicate_label, facts[0].direction, tuple(facts), len(facts))
                for facts in groups.values()
            ),
        )  # fmt: skip

    def _known(self, iri: str) -> Ref:
        if iri not in self._refs:
            near = tuple((ref.iri, ref.label) for ref in list(self._refs.values())[:3])
            raise UnknownEntity(f"Nothing in this atlas has the IRI {iri}.", "Search for its name.", nearest=near)
        return self._refs[iri]

    def _facts(self, iri: str) -> Iterator[Fact]:
        for record in self._relations:
            literal = record["object_is_literal"]
            subject, obj = self._iri(record["subject"]), record["object"] if literal else self._iri(record["object"])
            label = str(record["predicate"]).replace("_", " ")
            predicate = ONTOLOGY + slugify(label)
            evidence = tuple(
                Evidence(
                    "background" if self._sources[name].reliability == "memory" else "cited",
                    claim_iri(name, subject, predicate, obj), self._sources[name], note=record.get("note"),
                    valid_from=record.get("from"), valid_to=record.get("to"), as_of=record.get("date"),
                )
                for name in record["source"]
            )  # fmt: skip
            if subject == iri:
                value = Value("literal", obj, obj) if literal else Value("iri", obj, self.refs((obj,))[obj].label)
                yield Fact(predicate, label, "out", value, evidence)
            elif obj == iri:
                yield Fact(
                    predicate,
                    _INVERSES.get(label, label),
                    "in",
                    Value("iri", subject, self.refs((subject,))[subject].label),
                    evidence,
                )

    def details(self, iris: tuple[str, ...]) -> dict[str, str]:
        return {iri: self._records[iri]["detail"] for iri in iris if self._records.get(iri, {}).get("detail")}

    def find(self, name: str) -> Ref | None:
        found = [ref for ref in self._refs.values() if ref.label.casefold() == name.casefold()]
        return found[0] if len(found) == 1 else None

    def members(self, kind: str, limit: int, offset: int) -> Listing[Ref]:
        found = sorted((r for r in self._refs.values() if self._class(r.kind) == kind), key=lambda r: r.label)
        return Listing(tuple(found[offset : offset + limit]), len(found))

    def _marked(self, passage: Passage) -> MarkedPassage:
        return MarkedPassage(self._documents[passage.document], passage, self._mentions(passage))

    def passages_mentioning(self, iri: str, limit: int, offset: int) -> Listing[MarkedPassage]:
        marked = (self._marked(passage) for passage in self._passages)
        found = [each for each in marked if any(mention.entity == iri for mention in each.mentions)]
        return Listing(tuple(found[offset : offset + limit]), len(found))

    def neighbourhood(self, iri: str, limit: int) -> Neighbourhood:
        centre = self._known(iri)
        facts = [fact for fact in self._facts(iri) if fact.value.kind == "iri"]
        others = list(dict.fromkeys(fact.value.value for fact in facts))
        shown = others[: limit - 1]
        return Neighbourhood(
            tuple(Node(ref, 3) for ref in (centre, *self.refs(tuple(shown)).values())),
            tuple(
                Edge(iri, f.value.value, f.predicate, f.predicate_label)
                if f.direction == "out"
                else Edge(f.value.value, iri, f.predicate, f.predicate_label)
                for f in facts
                if f.value.value in shown
            ),
            len(others),
        )

    def disagreements(self, about: str | None = None) -> tuple[Disagreement, ...]:
        return tuple(d for d in self._conflicts if about is None or about in {ref.iri for ref in d.about})

    def collections(self) -> tuple[tuple[str, int], ...]:
        return (("mine", 0), ("starter", len(self._documents)))

    def documents(self, collection: str | None, limit: int, offset: int) -> Listing[Document]:
        found = sorted(self._documents.values(), key=lambda d: d.date or "", reverse=True)
        found = [document for document in found if collection in (None, document.collection)]
        return Listing(tuple(found[offset : offset + limit]), len(found))

    def document(self, iri: str, limit: int, offset: int) -> DocumentView:
        if iri not in self._documents:
            raise UnknownEntity(f"No document has the IRI {iri}.", "Look through the documents.")
        cut = [self._marked(passage) for passage in self._passages if passage.document == iri]
        named = Counter(mention.entity for each in cut for mention in each.mentions)
        entities = tuple(self._refs[name] for name, _ in named.most_common())
        return DocumentView(self._documents[iri], Listing(tuple(cut[offset : offset + limit]), len(cut)), entities)

    def examples(self) -> tuple[Example, ...]:
        query = 'SELECT ?partner WHERE {\n  ?cluster rdfs:label "InGAME" ; ca:partner ?partner\n}'
        return (
            Example(
                "partners", "Partners of InGAME", "Which organisations are partners of InGAME?", query, ("network",)
            ),
            Example("people", "People", "Who holds an office?", "SELECT * {}", ("people", "offices")),
        )

    def terms(self) -> tuple[Term, ...]:
        used = Counter(self._names())
        kinds = Counter(ref.kind for ref in self._refs.values())
        relations = (
            Term(
                ONTOLOGY + slugify(n), f"ca:{slugify(n)}", n, "property", c, (), f"How “{n}” ties an entry to another."
            )
            for n, c in used.most_common()
        )
        classes = (Term(self._class(k), f"<{self._class(k)}>", k, "class", c) for k, c in kinds.most_common())
        return (*relations, *classes)

    def similar(self, iri: str, limit: int) -> tuple[Similar, ...]:
        """Those of the same kind; passages of other documents."""
        if iri in self._refs:
            own = self._refs[iri]
            alike = [ref for ref in self._refs.values() if ref.kind == own.kind and ref.iri != iri]
            return tuple(Similar(ref, "both", 0.5, (own,)) for ref in alike[:limit])
        here = self.passage(iri)
        others = [each for each in self._passages if each.document != here.passage.document]
        titles = {name: document.title for name, document in self._documents.items()}
        return tuple(Similar(Ref(p.iri, titles[p.document]), "text", 0.4, (), p.text) for p in others[:limit])

    def within(self, places: tuple[str, ...]) -> dict[str, str]:
        return {}

    def passage(self, iri: str) -> MarkedPassage:
        found = next((each for each in self._passages if each.iri == iri), None)
        if found is None:
            raise UnknownEntity(f"No passage has the IRI {iri}.", "Look through the documents.")
        return self._marked(found)

    def complete(self, prefix: str, limit: int) -> tuple[Completion, ...]:
        found = (ref for ref in self._refs.values() if ref.label.casefold().startswith(prefix.casefold()))
        return tuple(Completion(ref.iri, ref.label, ref.label) for ref in found)[:limit]

    def why(self, subject: str, predicate: str, obj: Value) -> tuple[Backed, ...]:
        held = self._facts(subject) if subject in self._refs else ()
        return tuple(
            Backed(self._refs[subject], Ref(fact.predicate, fact.predicate_label), fact.value, fact.evidence, True)
            for fact in held
            if (fact.direction, fact.predicate, fact.value.value) == ("out", predicate, obj.value)
        )

    def among(self, ends: tuple[str, ...]) -> tuple[Backed, ...]:
        known = [iri for iri in ends if iri in self._refs]
        return tuple(
            Backed(self._refs[iri], Ref(fact.predicate, fact.predicate_label), fact.value, fact.evidence, True)
            for iri in known
            for fact in self._facts(iri)
            if fact.direction == "out" and fact.value.value in known
        )

    def connected(self, rows: Sequence[tuple[Value | None, ...]]) -> list[tuple[str, ...]]:
        in_rows = (tuple(cell.value for cell in row if cell and cell.kind == "iri") for row in rows)
        return [iris if self.among(iris) else () for iris in in_rows]

    def select(self, query: str, query_id: str, part: Slice, client: str | None = None) -> QueryTable:
        """Understands ASK, a query that names SLOW, BROKEN, MANY, YEARS or EDGES; others with a { list all entities."""
        if "SLOW" in query:
            raise QueryTimeout("The query was stopped after 10 s.", "Ask for less.", seconds=10)
        if "{" not in query and "DESCRIBE" not in query:
            line, column = position(query, len(query))
            raise QuerySyntax("expected “{”.", line=line, column=column)
        if "BROKEN" in query:
            line, column = position(query, query.index("BROKEN"))
            raise QuerySyntax("SPARQL has no word BROKEN.", line=line, column=column)
        if query.lstrip().startswith("ASK"):
            return QueryTable((), (), 1, 1.2, 42, boolean=True, form="ask")
        number = "http://www.w3.org/2001/XMLSchema#integer"
        if "EDGES" in query:
            return self._edges(part)
        if "MANY" in query or "YEARS" in query:
            first, total = (2010, 12) if "YEARS" in query else (0, 100_000)
            counted = range(first, first + total)
            shown = (counted[::-1] if part.down else counted)[part.start : part.start + part.limit]
            many = tuple(
                (Value("literal", str(n), str(n)), Value("literal", str(n % 97 - 20), "", number)) for n in shown
            )
            return QueryTable(("year", "amount"), many, total, 12.0, 42, part=part)
        rows = tuple(
            (Value("iri", ref.iri, ref.label), None if not ref.kind else Value("literal", ref.kind, ref.kind),
             Value("literal", str(index * 1000), "", number))
            for index, ref in enumerate(self._refs.values())
        )  # fmt: skip
        cut = rows[part.start : part.start + part.limit]
        return QueryTable(("entry", "kind", "amount"), cut, len(rows), 12.0, 42, part=part)

    def _edges(self, part: Slice) -> QueryTable:
        rows = tuple(
            (Value("iri", iri, ref.label), Value("iri", fact.predicate, fact.predicate_label), fact.value)
            for iri, ref in self._refs.items()
            for fact in self._facts(iri)
            if fact.direction == "out"
        )
        cut = rows[part.start : part.start + part.limit]
        return QueryTable(("subject", "predicate", "object"), cut, len(rows), 1.0, 42, form="graph", part=part)
