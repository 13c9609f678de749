"""Where a method's schedules are counted, priced and evaluated, and what they must look like."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tldr_search.cost import COUNTED, FREE, CostModel, Shape
from tldr_search.cost.many import gflops
from tldr_search.schedule import Geometry, Schedule, transfer

Price = Callable[[Schedule], float]
"""A whole schedule, in the counts of the cost model -> what it costs in the unit of the budget."""


class Ground:
    """All that `repair` knows of a method, a pair of models and a unit."""

    def __init__(
        self, cost: CostModel, evaluated: Geometry, shape: Shape = FREE, measured: Price | None = None, unit: str = COUNTED
    ) -> None:
        """`measured` prices a schedule in `unit`; without it, its GFLOPs are the price."""
        assert (measured is None) == (unit == COUNTED)
        self.cost, self.shape, self.unit, self._measured = cost, shape, unit, measured
        self.method = cost.method
        self.source = cost.geometry
        self.target = evaluated
        self.slots = cost.method.slots(cost.geometry)
        self.none: Schedule = (0,) * self.slots
        self.acts = tuple(shape.acts(layer) for layer in self.method.acting_layers(self.source))
        """Slot by slot, whether tokens may leave there."""
        self._units = [tuple(self.method.unit(slot, g) for slot in range(self.slots)) for g in (self.source, self.target)]

    def price(self, schedule: Schedule) -> float:
        """What a schedule costs, in `unit`."""
        return self._measured(schedule) if self._measured else self.cost(schedule).gflops

    def prices(self, schedules: NDArray[np.int64]) -> NDArray[np.float64]:
        """[n, slots] possible schedules -> [n]; for many at once."""
        if self._measured is None:
            return gflops(self.cost, schedules)
        return np.array([self._measured(tuple(row)) for row in schedules.tolist()])

    @cached_property
    def base(self) -> float:
        """The price of the unreduced model."""
        return self.price(self.none)

    @cached_property
    def cheapest(self) -> Schedule:
        """The largest possible entries, in order, as far as each makes it cheaper: deciding takes time, too, where time is the price."""
        most = self.clip((self.source.num_tokens,) * self.slots)
        return min((most[:slots] + self.none[slots:] for slots in range(self.slots + 1)), key=self.price)

    @cached_property
    def least(self) -> float:
        """The price of `cheapest`."""
        return self.price(self.cheapest)

    def reaches(self, budget: float) -> bool:
        """Whether the method can be brought to a budget."""
        return self.least <= budget < self.base

    def clip(self, wanted: Sequence[int]) -> Schedule:
        """The nearest schedule that both models and the shape allow: entries cut, in order, to what their slot allows."""
        before, after, entries, previous = self.source.num_tokens, self.target.num_tokens, list[int](), None
        for slot, (r, unit) in enumerate(zip(wanted, self._units[0], strict=True)):
            room = self._room(slot, before, after) if self.acts[slot] else 0
            entries.append(self.shape.cut(max(0, min(r, room)), previous))
            previous = entries[-1]
            before -= previous * unit
            after = min(after, self._left(slot, before))
        return tuple(entries)

    def project(self, shares: Sequence[float]) -> tuple[float, ...]:
        """The nearest shares that the shape allows: 0 where no token may leave, then, if they must not increase, by isotonic regression."""
        allowed = [share if acts else 0.0 for share, acts in zip(shares, self.acts, strict=True)]
        return _non_increasing(allowed) if self.shape.non_increasing else tuple(allowed)

    def evaluated(self, schedule: Schedule) -> Schedule | None:
        """`schedule` in the counts of the evaluated model; None if rounding makes it impossible there."""
        try:
            return transfer(schedule, self.method, self.source, self.target)
        except ValueError:
            return None

    def _room(self, slot: int, before: int, after: int) -> int:
        """The largest entry of a slot where `before` tokens arrive on the cost model and `after` on the evaluated one."""
        room = self.method.largest(slot, before, self.source)
        return room if self.target == self.source else min(room, (before - self._least_left(slot, after)) // self._units[0][slot])

    def _left(self, slot: int, before: int) -> int:
        """Tokens left on the evaluated model when `before` are left on the cost model, as `transfer` rounds them."""
        unit = self._units[1][slot]
        return unit * ((2 * self.target.num_tokens * before + self.source.num_tokens * unit) // (2 * self.source.num_tokens * unit))

    def _least_left(self, slot: int, after: int) -> int:
        """The fewest tokens on the cost model that still leave enough on the evaluated one, where `after` arrive."""
        unit = self._units[1][slot]
        groups_left = math.ceil(after / unit) - self.method.largest(slot, after, self.target)
        return -(-(2 * groups_left - 1) * self.source.num_tokens * unit // (2 * self.target.num_tokens))


def _non_increasing(shares: Sequence[float]) -> tuple[float, ...]:
    """Pool adjacent violators (Ayer et al. 1955): the non-increasing sequence with the least squared distance."""
    pools: list[tuple[float, int]] = []  # mean, length
    for share in shares:
        mean, length = share, 1
        while pools and pools[-1][0] < mean:
            other, count = pools.pop()
            mean, length = (mean * length + other * count) / (length + count), length + count
        pools.append((mean, length))
    return tuple(mean for mean, length in pools for _ in range(length))
