"""The real article is linked to the expected entities, and its boilerplate becomes no passage."""

from __future__ import annotations

from graph.linking.linker import Gazetteer, link_document
from graph.model import Reading
from graph.segmentation.passages import passages

EXPECTED = {
    "org:nesta", "org:creative-pec", "org:gcec", "org:dcms", "person:marta-foresti", "person:bernard-hay",
    "person:emily-hopkins", "person:nick-wilson", "person:josh-siepel", "prog:scale-up", "prog:cicp",
    "report:sector-plan-2025", "report:spending-review-2025", "place:greater-manchester", "place:west-of-england",
    "place:manchester", "place:london", "place:bristol", "place:glasgow", "place:birmingham",
}  # fmt: skip


def test_the_article_is_linked(article: Reading, facts: Gazetteer) -> None:
    mentions = link_document(passages("d", article), facts)
    entities = {mention.entity for mention in mentions}
    assert entities >= EXPECTED
    # In a list with two combined-authority areas, the West Midlands are one too.
    assert "place:west-midlands-ca" in entities


def test_its_boilerplate_is_no_passage(article: Reading) -> None:
    parts = passages("d", article)
    text = "\n".join(passage.text for passage in parts)
    assert article.title.startswith("Grasping the inner workings")
    for line in ("Skip to content", "Read also", "Fostering Innovative Hotspots", "Grasping the inner workings"):
        assert line not in text
    assert text.count("microclusters") == 8
    assert any("Fostering Innovative Hotspots" in heading for passage in parts for heading in passage.heading)
