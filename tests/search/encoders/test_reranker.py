"""The optional reranker, with a tiny CrossEncoder with random weights that is made here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from graph.errors import EncoderUnavailable
from search.encoders.protocol import Encoder
from search.encoders.reranker import RERANKED_HITS, CrossReranker, rerank_boost
from search.searcher import Searcher
from search.types import Query

QUESTION = "funding for games and film"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer and sixteen dimensions, whose words are letters."""
    import torch
    from sentence_transformers import CrossEncoder
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("reranker")
    letters = [prefix + chr(code) for prefix in ("", "##") for code in range(97, 123)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters]
    tokenizer = Tokenizer(WordPiece({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=64,
    )  # fmt: skip
    torch.manual_seed(3)
    config = BertConfig(  # type: ignore[call-arg]  # num_labels is one of its keyword arguments
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64, num_labels=1, initializer_range=0.9,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    CrossEncoder(str(folder), device="cpu", local_files_only=True)  # it loads
    return folder


def test_hits_follow_its_scores_and_the_results_name_it(searcher: Searcher, encoder: Encoder, model: Path) -> None:
    reranker = CrossReranker(str(model))
    plain = searcher.search(Query(QUESTION, limit=100))
    assert plain.reranker is None
    assert len(plain.hits) > 3
    reranked = Searcher(searcher.index, lambda: encoder, reranker).search(Query(QUESTION, limit=100))
    assert reranked.reranker == reranker.id
    assert {hit.iri for hit in reranked.hits} == {hit.iri for hit in plain.hits}
    first = [hit.iri for hit in plain.hits[:RERANKED_HITS]]
    texts = [searcher.index.lexical.by_iri([iri])[iri].item.embedding_text for iri in first]
    relevance = dict(zip(first, reranker.score(QUESTION, texts).tolist(), strict=True))
    assert len(set(relevance.values())) > 3
    assert [hit.iri for hit in reranked.hits[: len(first)]] == sorted(first, key=lambda iri: -relevance[iri])
    assert [hit.iri for hit in reranked.hits] != [hit.iri for hit in plain.hits]
    for hit in reranked.hits[: len(first)]:
        parts = dict(hit.explain.boosts)
        total = (hit.explain.lexical or 0) * hit.explain.lexical_weight
        total += (hit.explain.dense or 0) * hit.explain.dense_weight + sum(parts.values())
        assert hit.score == pytest.approx(total, abs=1e-5)
    scores = [hit.score for hit in reranked.hits]
    assert scores == sorted(scores, reverse=True)


class LengthReranker:
    """Prefers long texts, and counts the texts that it reads."""

    id = "length"

    def __init__(self) -> None:
        self.read = 0

    def score(self, query: str, texts: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        self.read += len(texts)
        return np.array([len(text) for text in texts], np.float32)


def test_it_reads_the_first_twenty_at_most_and_none_of_a_later_page(searcher: Searcher, encoder: Encoder) -> None:
    reranker = LengthReranker()
    reranking = Searcher(searcher.index, lambda: encoder, reranker)
    reranking.search(Query("the creative industries", limit=5))
    assert 2 <= reranker.read <= RERANKED_HITS
    before = reranker.read
    assert reranking.search(Query("the creative industries", offset=RERANKED_HITS)).reranker is None
    assert reranking.search(Query("games", mode="lexical")).reranker is None
    assert reranker.read == before


def test_the_boost_puts_them_above_the_rest() -> None:
    scores, relevance = np.array([0.9, 0.5, 0.4], np.float32), np.array([-3.0, 8.0, 1.0], np.float32)
    after = scores + rerank_boost(scores, relevance)
    assert list(np.argsort(-after)) == [1, 2, 0]
    assert after.min() >= 0.9 - 1e-6
    assert list(scores + rerank_boost(scores, np.ones(3, np.float32))) == pytest.approx([0.9] * 3)


def test_a_folder_without_a_model_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable) as error:
        CrossReranker(str(tmp_path))
    assert "CREATIVE_ATLAS_RERANKER" in error.value.remedy


def test_torch_is_not_imported_before_it_is_needed(model: Path) -> None:
    code = f"""import sys
from search.encoders.reranker import CrossReranker
CrossReranker({str(model)!r}).id
print('torch' in sys.modules)"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "False"
