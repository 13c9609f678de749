"""Schedules as curves of tokens left, many at a time: what the model of quality and the dynamic programme see of them.

x[l] = -log(tokens left after slot l / tokens that enter): 0 while nothing has left, log 2 once half has. A budget is a surface in this
space. Prices of many curves at once come from a quadratic in the tokens left, fitted to the price itself, whatever that counts; they only
choose candidates, which are then repaired to their budget exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tldr_search.schedule import Schedule
from tldr_search.study.ground import Ground

Floats = NDArray[np.floating[Any]]

_SAMPLES = 8
"""Random schedules per coefficient of the fitted price."""
_BISECTIONS = 22


class Curves:
    """Curves of one method on one model."""

    def __init__(self, ground: Ground) -> None:
        self.ground, geometry = ground, ground.source
        self.tokens = geometry.num_tokens
        self.units = np.array([ground.method.unit(slot, geometry) for slot in range(ground.slots)])
        most = [ground.method.largest(slot, self.tokens, geometry) for slot in range(ground.slots)]
        self.limits = np.minimum(np.array(most) * self.units / self.tokens, 1 - 1 / self.tokens) * np.array(ground.acts)
        """[slots]: the largest fraction of the tokens that arrive in a slot that may leave there."""
        self._coefficients = self._fit()

    def of(self, schedules: Sequence[Schedule]) -> Floats:
        """[n, slots]: x of schedules in the counts of the cost model."""
        left = 1 - np.cumsum(np.array(schedules, float).reshape(-1, len(self.units)) * self.units, axis=1) / self.tokens
        curves: Floats = -np.log(left)
        return curves

    def schedules(self, curves: Floats) -> NDArray[np.int64]:
        """[n, slots]: the entries, rounded down, that lead along `curves` on the cost model."""
        left = self.tokens * np.exp(-curves)
        leaves = -np.diff(left, axis=1, prepend=self.tokens) / self.units
        entries: NDArray[np.int64] = np.floor(leaves + 1e-6).astype(np.int64)
        return entries

    def prices(self, curves: Floats) -> Floats:
        """[n]: what `curves` cost (GFLOPs to about 0.01 %, measured prices roughly), in the unit of the budget."""
        prices: Floats = _features(np.exp(-curves)) @ self._coefficients
        return prices

    def step_prices(self, slot: int, before: Floats, after: Floats) -> Floats:
        """What `prices` adds in `slot` for fractions left before and after it, elementwise; the constant is left out."""
        square, product, one, acts = self._coefficients[1 + 4 * slot : 5 + 4 * slot]
        prices: Floats = after * after * square + before * after * product + after * one + before * before * (after < before) * acts
        return prices

    def scaled(self, shares: Floats, budget: float) -> Floats:
        """[n, slots] shares -> the curves of these proportions that cost about `budget`; a slot takes what its limit allows."""
        if self.ground.shape.non_increasing:
            shares = np.array([self.ground.project(row) for row in shares.tolist()])
        low, high = np.zeros(len(shares)), self.tokens / np.maximum((shares * self.units).sum(axis=1), 1e-12) * 64
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            dear = self.prices(self._clipped(shares, middle)) > budget
            low, high = np.where(dear, middle, low), np.where(dear, high, middle)
        return self._clipped(shares, high)

    def _clipped(self, shares: Floats, scale: Floats) -> Floats:
        left, curve = np.ones(len(shares)), []
        for wanted, limit in zip((shares * self.units).T * scale / self.tokens, self.limits, strict=True):
            left = np.maximum(left - wanted, left * (1 - limit))
            curve.append(left)
        curves: Floats = -np.log(np.stack(curve, axis=1))
        return curves

    def _fit(self) -> Floats:
        rng = np.random.default_rng(0)
        slots = len(self.units)
        size = _SAMPLES * (1 + 4 * slots)
        fractions = rng.random((size, slots)) ** 3 * rng.random((size, 1)) * self.limits * (rng.random((size, slots)) < 0.6)
        free = Ground(self.ground.cost, self.ground.target)
        schedules = [free.clip(row) for row in self.schedules(-np.cumsum(np.log1p(-fractions), axis=1)).tolist()]
        prices = self.ground.prices(np.array(schedules))
        coefficients: Floats = np.linalg.lstsq(_features(np.exp(-self.of(schedules))), prices, rcond=None)[0]
        return coefficients


def _features(left: Floats) -> Floats:
    """[n, slots] -> [n, 1 + 4 slots]: one; then per slot the fraction left squared, times that before, itself, and what deciding costs."""
    before = np.concatenate([np.ones((len(left), 1)), left[:, :-1]], axis=1)
    per_slot = np.stack([left * left, before * left, left, before * before * (left < before)], axis=2).reshape(len(left), -1)
    return np.concatenate([np.ones((len(left), 1)), per_slot], axis=1)
