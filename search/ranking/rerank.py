"""Reranking: the first results of a hybrid search in the order of a cross-encoder."""

from __future__ import annotations

import numpy as np

from graph.deadline import Deadline
from search.encoders.reranker import RERANKED_HITS, Reranker, rerank_boost
from search.index.index import Index
from search.index.top_k import order
from search.query.parser import parse
from search.ranking.ranker import Ranking
from search.types import Query

__all__ = ["rerank"]


def rerank(
    index: Index, reranker: Reranker | None, query: Query, ranking: Ranking, *, deadline: Deadline
) -> str | None:
    """Put the first RERANKED_HITS of `ranking` in the reranker's order, in place, by a boost that the explanation
    shows.

    Returns the id of the reranker; None where it does not apply: none is set, the search is not hybrid, the page begins
    after these hits, or there is nothing to order. Raises QueryTimeout and QueryCancelled by the deadline.
    """
    first = ranking.order[:RERANKED_HITS]
    if reranker is None or query.mode != "hybrid" or query.offset >= RERANKED_HITS or len(first) < 2:
        return None
    deadline.check()
    slots = ranking.candidates.slots[first]
    texts = [index.lexical.stored_at(slot).item.embedding_text for slot in slots.tolist()]
    relevance = reranker.score(parse(query.text).text, texts)
    scores = ranking.candidates.scores[first] + sum(boost[first] for boost in ranking.boosts.values())
    ranking.boosts["reranker"] = np.zeros(len(ranking.candidates.slots), np.float32)
    ranking.boosts["reranker"][first] = rerank_boost(scores, relevance)
    ranking.order[: len(first)] = first[order(relevance, slots)]
    ranking.demoted.clear()
    return reranker.id
