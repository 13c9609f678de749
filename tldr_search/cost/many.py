"""GFLOPs of many schedules at once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tldr_search.backbones.architecture import PlainArchitecture
from tldr_search.cost import plain
from tldr_search.cost.model import CostModel
from tldr_search.reducers import Method, PerLayer


def gflops(cost: CostModel, schedules: NDArray[np.int64]) -> NDArray[np.float64]:
    """[n, slots] possible schedules (nothing is checked) -> [n], equal to what `cost` counts one by one."""
    if not isinstance(cost.arch, PlainArchitecture):
        return np.array([cost(tuple(row)).gflops for row in schedules.tolist()])
    removed = np.zeros((len(schedules), cost.geometry.depth), dtype=np.int64)
    for slot, layer in enumerate(cost.method.acting_layers(cost.geometry)):
        removed[:, layer] = schedules[:, slot] * cost.method.unit(slot, cost.geometry)
    return _macs(cost.arch, cost.method, removed) / 1e9


def _macs(arch: PlainArchitecture, method: Method, removed: NDArray[np.int64]) -> NDArray[np.int64]:
    """[schedules, depth] tokens that leave -> [schedules] multiply-adds, as `plain.count` counts them one by one."""
    c, clip = arch.dim, arch.sequences
    left = arch.num_tokens - np.cumsum(removed, axis=1)
    n, out = left + removed, left
    in_mlp = n if method.after_mlp else out
    attention = clip * (4 * n * c**2 + 2 * n**2 * c + 5 * n * c)
    mlp = clip * (2 * arch.mlp_ratio * in_mlp * c**2 + 5 * in_mlp * c)
    tails = np.array([plain.tail(arch, tokens) for tokens in range(arch.num_tokens + 1)])
    seen = plain.observation(arch) * removed.any(axis=1) if method.observes else 0
    total: NDArray[np.int64] = (
        (attention + mlp).sum(axis=1) + _decisions(arch, method, n, removed) + plain.embedding(arch) + tails[left[:, -1]] + seen
    )
    return total


def _decisions(arch: PlainArchitecture, method: Method, n: NDArray[np.int64], removed: NDArray[np.int64]) -> NDArray[np.int64]:
    """[schedules], of `n` and `removed` [schedules, depth]."""
    if isinstance(method, PerLayer):  # in any layer alike, whatever r is, if it is not 0
        total: NDArray[np.int64] = (_deciding(arch, method)[n] * (removed > 0)).sum(axis=1)
        return total
    total = np.zeros(len(n), dtype=np.int64)
    for layer in method.acting_layers(arch.geometry):
        pairs, row = np.unique(n[:, layer] * (arch.num_tokens + 1) + removed[:, layer], return_inverse=True)
        parts = (divmod(pair, arch.num_tokens + 1) for pair in pairs.tolist())
        total += np.array([method.decision_macs(layer, tokens, r, arch.geometry) for tokens, r in parts])[row]
    return total


@lru_cache
def _deciding(arch: PlainArchitecture, method: PerLayer) -> NDArray[np.int64]:
    """[tokens + 1]: multiply-adds of one decision by the number of tokens that arrive."""
    return np.array([method.decision_macs(0, n, 1, arch.geometry) for n in range(arch.num_tokens + 1)])
