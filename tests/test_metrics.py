"""Ranks and accuracies against sorted lists, and the collecting metric against its one promise: once per sample."""

import numpy as np
import pytest
import torch

from tldr_search.metrics import RowsById, accuracy_metrics, best_ranks, class_ranks, rank_metrics


@pytest.mark.parametrize("queries,candidates", [(1, 1), (7, 7), (6, 20), (20, 6)])
def test_ranks_are_positions_in_the_sorted_list(queries: int, candidates: int) -> None:
    rng = np.random.default_rng(queries)
    scores, relevant = rng.normal(size=(queries, candidates)), rng.random((queries, candidates)) < 0.3
    relevant[np.arange(queries), rng.integers(candidates, size=queries)] = True
    found = best_ranks(torch.from_numpy(scores), torch.from_numpy(relevant))
    for query in range(queries):
        ordered = sorted(range(candidates), key=lambda c: -scores[query, c])
        assert found[query] == min(i for i, c in enumerate(ordered) if relevant[query, c])


def test_a_model_that_cannot_tell_candidates_apart_is_last() -> None:
    assert (best_ranks(torch.zeros(5, 5), torch.eye(5, dtype=torch.bool)) == 4).all()
    assert best_ranks(torch.zeros(1, 5), torch.tensor([[True, False, True, True, False]])).tolist() == [2]
    assert (class_ranks(torch.zeros(3, 4), torch.tensor([0, 1, 3])) == 3).all()


def test_a_model_that_gives_no_numbers_is_last() -> None:
    scores = torch.eye(3)
    scores[1] = torch.nan
    assert best_ranks(scores, torch.eye(3, dtype=torch.bool)).tolist() == [0, 2, 0]
    assert best_ranks(scores.T, torch.eye(3, dtype=torch.bool)).tolist() == [1, 2, 1]
    assert class_ranks(torch.full((2, 4), torch.nan), torch.tensor([0, 3])).tolist() == [3, 3]


def test_negative_scores_count_like_others() -> None:
    scores = torch.tensor([[-0.1, -0.5], [-0.9, -0.2]])
    assert best_ranks(scores, torch.eye(2, dtype=torch.bool)).tolist() == [0, 0]


def test_recalls_median_and_mean_rank() -> None:
    ranks = torch.tensor([0, 0, 3, 9, 25, 4])
    metrics = rank_metrics(ranks, "t2v")
    expected = {"t2v_r1": 200 / 6, "t2v_r5": 400 / 6, "t2v_r10": 500 / 6, "t2v_mdr": 4.5, "t2v_mnr": np.mean(ranks.numpy() + 1)}
    assert metrics == pytest.approx(expected)


def test_accuracy() -> None:
    scores = torch.tensor([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [0.2, 0.3, 0.5]])
    ranks = class_ranks(scores, torch.tensor([1, 2, 0]))
    assert ranks.tolist() == [0, 1, 2]
    assert accuracy_metrics(ranks) == pytest.approx({"top1": 100 / 3, "top5": 100.0})


def test_rows_come_back_in_order_and_once() -> None:
    metric = RowsById()
    metric.update(torch.tensor([3, 1]), torch.tensor([[3.0, 3], [1, 1]]))
    metric.update(torch.tensor([1, 0]), torch.tensor([[9.0, 9], [0, 0]]))
    index, rows = metric.compute()
    assert index.tolist() == [0, 1, 3]
    assert rows.tolist() == [[0, 0], [1, 1], [3, 3]]
