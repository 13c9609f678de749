"""Retrieval ranks and classification accuracy: pure functions, and torchmetrics classes that only accumulate.

Ties: a candidate that does not score strictly lower than the right one counts as ahead of it, so a model that cannot tell
candidates apart, or gives no number, gains nothing from their order.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torchmetrics import Metric

RECALLS = (1, 5, 10)


def best_ranks(scores: Tensor, relevant: Tensor) -> Tensor:
    """Scores [Q, C], relevant [Q, C] bool, at least one in every row -> [Q] int64: rank of the best relevant candidate, from 0.

    That is the number of candidates that are not relevant and do not score strictly lower than it.
    """
    assert relevant.any(dim=1).all()
    best = scores.masked_fill(~relevant, -torch.inf).amax(dim=1, keepdim=True)
    return (~(scores < best) & ~relevant).sum(dim=1)


def rank_metrics(ranks: Tensor, prefix: str) -> dict[str, float]:
    """R@1, 5, 10 in per cent; median and mean rank, counted from 1."""
    recalls = {f"{prefix}_r{k}": 100 * (ranks < k).double().mean().item() for k in RECALLS}
    ordered = ranks.double().sort().values + 1
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return {**recalls, f"{prefix}_mdr": middle.item(), f"{prefix}_mnr": ordered.mean().item()}


def class_ranks(scores: Tensor, labels: Tensor) -> Tensor:
    """Scores [n, classes], labels [n] -> [n] int64: other classes that do not score strictly lower than the right one."""
    return (~(scores < scores.gather(1, labels[:, None]))).sum(dim=1) - 1


class RowsById(Metric):
    """Collects one row of numbers per sample over batches and ranks; a sample that came twice counts once."""

    full_state_update = False

    def __init__(self) -> None:
        super().__init__()
        self.add_state("index", default=[], dist_reduce_fx="cat")
        self.add_state("rows", default=[], dist_reduce_fx="cat")
        self.index: list[Tensor]
        self.rows: list[Tensor]

    def update(self, index: Tensor, rows: Tensor) -> None:
        """Index [B] positions of the samples, rows [B, width]."""
        self.index.append(index)
        self.rows.append(rows)

    def compute(self) -> tuple[Tensor, Tensor]:
        """(index [n], ascending, rows [n, width])."""
        index, rows = (torch.cat(list(s)) if isinstance(s, list) else s for s in (self.index, self.rows))
        order = index.argsort(stable=True)
        index, rows = index[order], rows[order]
        first = torch.ones_like(index, dtype=torch.bool)
        first[1:] = index[1:] != index[:-1]
        return index[first], rows[first]


def accuracy_metrics(ranks: Tensor) -> Mapping[str, float]:
    """Top-1 and top-5 in per cent."""
    return {f"top{k}": 100 * (ranks < k).double().mean().item() for k in (1, 5)}
