"""How many different schedules lie on a budget."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tldr_search.study.budget import TOLERANCE
from tldr_search.study.ground import Ground

Counts = NDArray[np.int64]

PREFIXES = 50_000
"""Beginnings of schedules, all slots but the last, up to which all are counted."""
SAMPLES = 40_000
POWERS = (1, 2, 4, 8)
"""Proposals of the estimate: an entry is its largest value times u^power, so that high powers remove little."""
WINDOW = 0.02
"""The estimate looks at the schedules so far (relative) below the budget, and takes its share of them."""


class Size(NamedTuple):
    """Of the space of schedules on a budget, in the counts of the cost model."""

    number: float
    """How many."""
    stderr: float
    """Standard error of the count where it is an estimate; 0 where all were counted."""

    def __str__(self) -> str:
        """The number, or its order of magnitude."""
        if not self.stderr:
            return f"{self.number:.0f}"
        if self.number < 1:
            return "few"
        return f"{'about' if self.stderr < self.number / 2 else 'of the order of'} 1e{math.log10(self.number):.0f}"


def size(ground: Ground, budget: float, seed: int = 0) -> Size:
    """How many possible schedules cost at most `budget` and at most 0.2 % less, under the constraints of the ground.

    Exact where the beginnings are few (STA): of each, the last entries that fit are found by bisection. Otherwise estimated: schedules
    drawn slot by slot, each weighted by one over its probability under the mixture of all proposals (multiple importance sampling with
    the balance heuristic; Veach and Guibas 1995, Eq. 13).
    """
    space = _Space(ground, *(0, 4000) if ground.unit != "gflops" else (PREFIXES, SAMPLES))
    rows = space.beginnings()
    return space.estimate(budget, np.random.default_rng(seed)) if rows is None else Size(space.endings(rows, budget), 0.0)


class _Space:
    """The possible schedules of a ground; what the evaluated model would round them to is not looked at."""

    def __init__(self, ground: Ground, most_rows: int, samples: int) -> None:
        self.ground, self.step, self._most_rows, self._samples = ground, ground.shape.multiple_of, most_rows, samples
        source, tokens = ground.source, range(ground.source.num_tokens + 1)
        self._last = max((slot for slot, acts in enumerate(ground.acts) if acts), default=0)
        self._units = [ground.method.unit(slot, source) for slot in range(ground.slots)]
        self._largest = [
            np.array([ground.method.largest(slot, n, source) if acts else 0 for n in tokens]) for slot, acts in enumerate(ground.acts)
        ]

    def cap(self, rows: Counts) -> Counts:
        """[n, slots done] -> [n]: how many steps of `multiple_of` the next entry may be."""
        slot = rows.shape[1]
        left = self.ground.source.num_tokens - rows @ np.array(self._units[:slot], dtype=np.int64)
        cap: Counts = self._largest[slot][left]
        if self.ground.shape.non_increasing and slot:
            cap = np.minimum(cap, rows[:, -1])
        return cap // self.step

    def beginnings(self) -> Counts | None:
        """[n, slots but the last that may act], all of them; None if they are too many."""
        rows = np.zeros((1, 0), dtype=np.int64)
        for _ in range(self._last):
            caps = self.cap(rows)
            if (caps + 1).sum() > self._most_rows:
                return None
            entries = np.concatenate([np.arange(cap + 1) for cap in caps]) * self.step
            rows = np.column_stack([np.repeat(rows, caps + 1, axis=0), entries])
        return rows

    def endings(self, rows: Counts, budget: float) -> int:
        """Schedules on the budget that begin so; from its first step on, a larger last entry is cheaper."""
        none = self._prices(rows, np.zeros(len(rows), dtype=np.int64))
        within = ((none > budget * (1 - TOLERANCE)) & (none <= budget)).sum()
        rows = rows[self._prices(rows, self.cap(rows)) <= budget]  # the others never reach it
        return int(within + (self._fitting(rows, budget) - self._fitting(rows, budget * (1 - TOLERANCE))).sum())

    def _fitting(self, rows: Counts, price: float) -> Counts:
        """[n]: how many last entries from one step on cost at most `price`."""
        cap = self.cap(rows)
        low, high = np.zeros(len(rows), dtype=np.int64), cap + 1  # `low` does not fit (or is none), `high` does (or is one too many)
        while (high - low > 1).any():
            middle = (low + high) // 2
            fits = self._prices(rows, np.maximum(middle, 1)) <= price
            open_ = high - low > 1
            low, high = np.where(open_ & ~fits, middle, low), np.where(open_ & fits, middle, high)
        return cap + 1 - high

    def _prices(self, rows: Counts, last: Counts) -> NDArray[np.float64]:
        """Of `rows`, `last` steps in the last slot that may act, nothing behind it."""
        entries = np.minimum(last, self.cap(rows)) * self.step
        return self.ground.prices(
            np.column_stack([rows, entries, np.zeros((len(rows), self.ground.slots - self._last - 1), dtype=np.int64)])
        )

    def estimate(self, budget: float, rng: np.random.Generator) -> Size:
        """From as many draws of each proposal."""
        weights = np.concatenate([self._weights(power, budget, rng) for power in POWERS])
        share = math.log(1 / (1 - TOLERANCE)) / math.log(1 / (1 - WINDOW))
        return Size(float(share * weights.mean()), float(share * weights.std() / math.sqrt(len(weights))))

    def _weights(self, power: int, budget: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """One over the mixture's probability of each draw, 0 off the window."""
        rows = np.zeros((self._samples // len(POWERS), 0), dtype=np.int64)
        logs = np.zeros((len(POWERS), len(rows)))
        for _ in range(self.ground.slots):
            cap = self.cap(rows)
            entry = np.minimum(np.floor((cap + 1) * rng.random(len(rows)) ** power).astype(np.int64), cap)
            for i, other in enumerate(POWERS):
                logs[i] += np.log(((entry + 1) / (cap + 1)) ** (1 / other) - (entry / (cap + 1)) ** (1 / other))
            rows = np.column_stack([rows, entry * self.step])
        prices = self.ground.prices(rows)
        inside = (prices > budget * (1 - WINDOW)) & (prices <= budget)
        return np.where(inside, len(POWERS) / np.exp(logs).sum(axis=0), 0.0)
