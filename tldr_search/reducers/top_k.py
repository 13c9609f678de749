"""Pruning by a score of each token's attention: the r lowest leave, the others keep their order.

The baselines of vid-TLDR's analysis: attention received (Eq. 3), attention rollout, the sharpness of a token's own attention (Table 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tldr_search.reducers.method import Options
from tldr_search.reducers.reducer import Observation
from tldr_search.schedule import Geometry
from tldr_search.tokens import Assignment


def drop_lowest(scores: Tensor, r: int, protected: int) -> Assignment:
    """`scores` [B, N] -> the r lowest leave, of equal ones the later; the first `protected` stay; nobody represents who leaves."""
    scores = scores.float()
    first = torch.arange(scores.shape[1], device=scores.device) < protected
    order = scores.masked_fill(first, torch.inf).argsort(dim=1, descending=True, stable=True)
    kept, source = order[:, : scores.shape[1] - r].sort(dim=1).values, order[:, scores.shape[1] - r :].sort(dim=1).values
    return Assignment(kept, source, torch.zeros_like(source), torch.zeros_like(source, dtype=torch.float32))


def statistic(observation: Observation, name: str) -> Tensor:
    """[B, N]: `entropy`, `received` or `rollout`; higher is more informative."""
    values = {"entropy": observation.entropy, "received": observation.received, "rollout": observation.rollout}[name]
    assert values is not None
    return values


@dataclass(frozen=True)
class TopK:
    """Keeps the tokens with the highest value of one attention statistic."""

    statistic: str
    """`received`, `rollout` or `entropy` (negative entropy: higher is sharper)."""
    protected: int
    """Leading tokens that stay."""

    after_mlp: ClassVar[bool] = False
    merges: ClassVar[bool] = False
    proportional: ClassVar[bool] = False

    @property
    def needs(self) -> frozenset[str]:
        """The statistic."""
        return frozenset({self.statistic})

    def __call__(self, observation: Observation, r: int) -> Assignment:
        """See `Reducer`."""
        return drop_lowest(statistic(observation, self.statistic), r, self.protected)


def attentiveness(options: Options, geometry: Geometry) -> TopK:
    """Score: mean attention received (vid-TLDR Eq. 3)."""
    return TopK("received", geometry.protected)


def saliency_pruning(options: Options, geometry: Geometry) -> TopK:
    """Score: sharpness of a token's own attention (vid-TLDR Eq. 5, Table 7)."""
    return TopK("entropy", geometry.protected)


def rollout(options: Options, geometry: Geometry) -> TopK:
    """Score: attention rollout of the unreduced model (vid-TLDR Table 7)."""
    return TopK("rollout", geometry.protected)
