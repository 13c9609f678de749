"""The baseline that looks at nothing: r random tokens leave, the others keep their order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch

from tldr_search.reducers.method import Options
from tldr_search.reducers.reducer import Observation
from tldr_search.reducers.top_k import drop_lowest
from tldr_search.schedule import Geometry
from tldr_search.tokens import Assignment

LAYERS = 1 << 10
"""More layers than any model has: seeds of different runs never share a layer's draw."""


@dataclass(frozen=True)
class RandomDrop:
    """Which positions leave depends on the seed, the layer and the number of tokens alone.

    So every clip loses the same positions: what a clip gives does not depend on the batch, device or run it is in.
    """

    seed: int
    """Another seed drops other positions."""
    protected: int
    """Leading tokens that stay."""

    needs: ClassVar[frozenset[str]] = frozenset()
    after_mlp: ClassVar[bool] = False
    merges: ClassVar[bool] = False
    proportional: ClassVar[bool] = False

    def __call__(self, observation: Observation, r: int) -> Assignment:
        """See `Reducer`."""
        batch, count = observation.features.shape[:2]
        scores = observation.features.new_tensor(draw(self.seed * LAYERS + observation.layer, count), dtype=torch.int64)
        return drop_lowest(scores.expand(batch, -1), r, self.protected)


@cache
def draw(seed: int, count: int) -> tuple[int, ...]:
    """A permutation of `count` numbers, always the same: plain numbers, so that they are constants where the forward pass is traced."""
    return tuple(torch.randperm(count, generator=torch.Generator("cpu").manual_seed(seed), device="cpu").tolist())


def build(options: Options, geometry: Geometry) -> RandomDrop:
    """Option `seed`."""
    return RandomDrop(int(options["seed"]), geometry.protected)
