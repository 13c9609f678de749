"""What tests of several rooms compare with, as loops."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb


def mcnemar(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided exact p-value (McNemar 1947) of paired 0/1 outcomes: twice the binomial tail of the rarer kind of pair that differs."""
    gained = sum(x > y for x, y in zip(a, b, strict=True))
    lost = sum(x < y for x, y in zip(a, b, strict=True))
    tail = sum(comb(gained + lost, k) for k in range(min(gained, lost) + 1)) / 2 ** (gained + lost)
    return min(1.0, 2 * tail)
