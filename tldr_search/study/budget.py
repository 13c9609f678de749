"""Exact repair: shares per slot -> the schedule of these proportions that lies on the budget.

The operator. Slot l gets `min(floor(s * share_l), cap_l)` tokens, where cap_l is what the slot allows once the earlier slots
have taken theirs: the method's largest entry on the cost model, cut further where its transfer would be impossible on the
evaluated model. Tokens left after every slot can only fall as s grows, so s is found by bisection; when a cap binds, s goes on
growing and the other slots with a share take the rest (water-filling). One unit can cost more than the tolerance (STA: one r
of stage 1 is 12 tokens), so a fixed list of small corrections follows, coarse slots first. A slot without a share stays 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tldr_search.cost import CostModel
from tldr_search.schedule import Geometry, Schedule, transfer

TOLERANCE = 0.002
"""A schedule on a budget costs at most the budget and more than `(1 - TOLERANCE)` of it."""
_DOUBLINGS = 64
_NUDGES = (1, -1, 2, -2, 3, -3)
_FINE = 4


class UnreachableError(ValueError):
    """No schedule of these proportions lies on the budget."""


class OnBudget(NamedTuple):
    """A schedule that lies on its budget."""

    schedule: Schedule
    """In the counts of the cost model."""
    evaluated: Schedule
    """In the counts of the evaluated model."""
    gflops: float
    """On the cost model."""


class Ground:
    """Where a method's schedules are counted and where they are evaluated."""

    def __init__(self, cost: CostModel, evaluated: Geometry) -> None:
        self.cost = cost
        self.method = cost.method
        self.source = cost.geometry
        self.target = evaluated
        self.slots = cost.method.slots(cost.geometry)

    def clip(self, wanted: Sequence[int]) -> Schedule:
        """The nearest schedule that both models allow: entries cut, in order, to what their slot allows."""
        before, after, entries = self.source.num_tokens, self.target.num_tokens, []
        for slot, r in enumerate(wanted):
            unit = self.method.unit(slot, self.source)
            room = self.method.largest(slot, before, self.source)
            if self.target != self.source:
                room = min(room, (before - self._least_left(slot, after)) // unit)
            entries.append(max(0, min(r, room)))
            before -= entries[-1] * unit
            after = min(after, self._left(slot, before))
        return tuple(entries)

    def evaluated(self, schedule: Schedule) -> Schedule | None:
        """`schedule` in the counts of the evaluated model; None if rounding makes it impossible there."""
        try:
            return transfer(schedule, self.method, self.source, self.target)
        except ValueError:
            return None

    def _left(self, slot: int, before: int) -> int:
        """Tokens left on the evaluated model when `before` are left on the cost model, as `transfer` rounds them."""
        unit = self.method.unit(slot, self.target)
        return unit * ((2 * self.target.num_tokens * before + self.source.num_tokens * unit) // (2 * self.source.num_tokens * unit))

    def _least_left(self, slot: int, after: int) -> int:
        """The fewest tokens on the cost model that still leave enough on the evaluated one, where `after` arrive."""
        unit = self.method.unit(slot, self.target)
        groups_left = math.ceil(after / unit) - self.method.largest(slot, after, self.target)
        return -(-(2 * groups_left - 1) * self.source.num_tokens * unit // (2 * self.target.num_tokens))


def repair(shares: Sequence[float], budget: float, ground: Ground) -> OnBudget:
    """The schedule with proportions `shares` that costs at most `budget` GFLOPs and at most 0.2 % less.

    `UnreachableError` if there is none: draw other shares. `ValueError` for shares that are no shares.
    """
    _check(shares, ground)
    search = _Search(tuple(float(share) for share in shares), budget, ground)
    for schedule in search.candidates():
        gflops = search.gflops(schedule)
        if budget * (1 - TOLERANCE) < gflops <= budget and (evaluated := ground.evaluated(schedule)) is not None:
            return OnBudget(schedule, evaluated, gflops)
    raise UnreachableError(f"no schedule with shares {tuple(round(s, 3) for s in shares)} lies within 0.2 % below {budget:g} GFLOPs")


class _Search:
    """One call of `repair`."""

    def __init__(self, shares: tuple[float, ...], budget: float, ground: Ground) -> None:
        self.shares, self.budget, self.ground = shares, budget, ground
        self.active = [slot for slot, share in enumerate(shares) if share > 0]
        self._known: dict[Schedule, float] = {}

    def gflops(self, schedule: Schedule) -> float:
        if schedule not in self._known:
            self._known[schedule] = self.ground.cost(schedule).gflops
        return self._known[schedule]

    def fits(self, schedule: Schedule) -> bool:
        return self.gflops(schedule) <= self.budget

    def scaled(self, scale: float) -> Schedule:
        most = self.ground.source.num_tokens
        return self.ground.clip([min(most, math.floor(scale * share)) for share in self.shares])

    def candidates(self) -> Iterator[Schedule]:
        """Schedules close to the crossing, the closest first."""
        none = (0,) * self.ground.slots
        yield none
        if not self.active or self.fits(none):
            return
        above, below = self._bracket()
        yield below
        yield from map(self.ground.clip, _between(above, below))
        yield self._topped_up(below)
        yield from self._nudged(below)

    def _bracket(self) -> tuple[Schedule, Schedule]:
        """(schedule above the budget, schedule on or below it) as close as the scale alone brings them."""
        positive = [self.shares[slot] for slot in self.active]
        low, high = 0.5 / max(positive), (self.ground.source.num_tokens + 1) / min(positive)
        above, below = self.scaled(low), self.scaled(high)
        if not self.fits(below):
            raise UnreachableError(f"these shares cost at least {self.gflops(below):.4g} GFLOPs, more than {self.budget:g}")
        for _ in range(_DOUBLINGS):
            middle = math.sqrt(low * high)
            schedule = self.scaled(middle)
            if self.fits(schedule):
                high, below = middle, schedule
            else:
                low, above = middle, schedule
            if sum(abs(a - b) for a, b in zip(above, below, strict=True)) <= 1 or self._on_budget(below):
                break
        return above, below

    def _on_budget(self, schedule: Schedule) -> bool:
        return self.budget * (1 - TOLERANCE) < self.gflops(schedule) <= self.budget

    def _topped_up(self, schedule: Schedule) -> Schedule:
        """Tokens given back, coarse slots first, as far as the budget allows."""
        for slot in self.active:
            schedule = self._fill(schedule, slot)
        return schedule

    def _nudged(self, schedule: Schedule) -> Iterator[Schedule]:
        """One coarse slot moved a little, a finer one set to make up for it."""
        for slot, nudge in itertools.product(self.active, _NUDGES):
            moved = self.ground.clip([max(0, r + nudge * (i == slot)) for i, r in enumerate(schedule)])
            for fine in [i for i in self.active[-_FINE:] if i > slot][::-1]:
                yield self._fill(moved, fine)

    def _fill(self, schedule: Schedule, slot: int) -> Schedule:
        """`schedule` with the smallest entry in `slot` that fits the budget; the largest possible entry if none does."""

        def at(r: int) -> Schedule:
            return self.ground.clip([*schedule[:slot], r, *schedule[slot + 1 :]])

        low, high = -1, at(self.ground.source.num_tokens)[slot]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.fits(at(middle)) else (middle, high)
        return at(high)


def _between(above: Schedule, below: Schedule) -> Iterator[Schedule]:
    """Slot by slot from `above` to `below`."""
    current = list(above)
    for slot, r in enumerate(below):
        while current[slot] != r:
            current[slot] += 1 if r > current[slot] else -1
            yield tuple(current)


def _check(shares: Sequence[float], ground: Ground) -> None:
    if len(shares) != ground.slots:
        raise ValueError(f"{ground.method.name}: {len(shares)} shares; {ground.slots} would be accepted")
    if not all(math.isfinite(share) and share >= 0 for share in shares):
        raise ValueError(f"{ground.method.name}: shares {tuple(shares)}; finite numbers from 0 would be accepted")
