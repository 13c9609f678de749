"""Parts of a split: the beginning of a seeded order of its videos, in whole batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def size_of(part: float, count: int, batch_size: int) -> int:
    """How many of `count` videos are in a `part` of them: to the nearest number of whole batches, at least one.

    `ValueError` unless 0 < `part` <= 1.
    """
    if not 0 < part <= 1:
        raise ValueError(f"part: {part} of the videos; above 0, at most 1 would be accepted")
    return count if part == 1 else min(max(round(part * count / batch_size), 1) * batch_size, count)


def part_of(count: int, part: float, batch_size: int, seed: int) -> Sequence[int]:
    """The first of `count` videos in a seeded order; a smaller part is the beginning of a larger one, and made of the same batches."""
    order: list[int] = np.random.default_rng(seed).permutation(count).tolist()
    return order[: size_of(part, count, batch_size)]
