"""Ranks and accuracies against sorted lists, and the collecting metric against its one promise: once per sample."""

import numpy as np
import pytest
import torch

from tldr_search.metrics import (
    RowsById,
    accuracy_metrics,
    class_ranks,
    rank_metrics,
    text_to_video_ranks,
    video_to_text_ranks,
)


def _problem(videos: int, texts: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    owner = np.concatenate([np.arange(videos), rng.integers(0, videos, texts - videos)])
    return torch.from_numpy(rng.normal(size=(videos, texts))), torch.from_numpy(owner)


@pytest.mark.parametrize("videos,texts", [(1, 1), (7, 7), (6, 20)])
def test_ranks_are_positions_in_the_sorted_list(videos: int, texts: int) -> None:
    similarity, owner = _problem(videos, texts, videos)
    t2v = text_to_video_ranks(similarity, owner)
    for text in range(texts):
        ordered = sorted(range(videos), key=lambda v: -similarity[v, text].item())
        assert t2v[text] == ordered.index(owner[text].item())
    v2t = video_to_text_ranks(similarity, owner)
    for video in range(videos):
        ordered = sorted(range(texts), key=lambda t: -similarity[video, t].item())
        first = min(i for i, t in enumerate(ordered) if owner[t] == video)
        others = [t for t in ordered[:first] if owner[t] != video]
        assert v2t[video] == len(others)


def test_a_model_that_cannot_tell_candidates_apart_is_last() -> None:
    owner = torch.arange(5)
    assert (text_to_video_ranks(torch.zeros(5, 5), owner) == 4).all()
    assert (video_to_text_ranks(torch.zeros(5, 5), owner) == 4).all()
    assert (class_ranks(torch.zeros(3, 4), torch.tensor([0, 1, 3])) == 3).all()


def test_a_model_that_gives_no_numbers_is_last() -> None:
    owner = torch.arange(3)
    similarity = torch.eye(3)
    similarity[1] = torch.nan
    assert text_to_video_ranks(similarity, owner).tolist() == [1, 2, 1]
    assert video_to_text_ranks(similarity, owner).tolist() == [0, 2, 0]
    assert class_ranks(torch.full((2, 4), torch.nan), torch.tensor([0, 3])).tolist() == [3, 3]


def test_negative_similarities_count_like_others() -> None:
    similarity = torch.tensor([[-0.1, -0.9], [-0.5, -0.2]])
    assert text_to_video_ranks(similarity, torch.arange(2)).tolist() == [0, 0]


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
