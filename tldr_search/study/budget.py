"""Exact repair: shares per slot -> the schedule of these proportions that lies on the budget.

The operator. Slot l gets `min(floor(s * share_l), cap_l)` tokens, where cap_l is what the slot allows once the earlier slots
have taken theirs: the method's largest entry on the cost model, cut further where its transfer would be impossible on the
evaluated model. Tokens left after every slot can only fall as s grows, so s is found by bisection; when a cap binds, s goes on
growing and the other slots with a share take the rest (water-filling). One unit can cost more than the tolerance (STA: one r
of stage 1 is 12 tokens), so a fixed list of small corrections follows, coarse slots first. A slot without a share stays 0.

Constraints on the shape are kept by construction: shares are projected on what the shape allows, and every entry is cut to it,
to a multiple and to the entry before, wherever entries are cut. (With entries that must not increase, a slot without a share may get
part of a later one's.) Few schedules may be left then, none of them within the tolerance: the dearest that is found within the budget is
taken, and none of its entries can be one step (1, or `multiple_of`) smaller within the budget. So what it misses is less than one step
costs in the cheapest slot. The same goes for measured prices, which have steps of their own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tldr_search.cost import COUNTED, FREE, UNITS
from tldr_search.schedule import Schedule
from tldr_search.study.ground import Ground

__all__ = ["TOLERANCE", "Ground", "OnBudget", "UnreachableError", "repair"]

TOLERANCE = 0.002
"""A schedule on a budget costs at most the budget and more than `(1 - TOLERANCE)` of it, unless steps are coarser than that."""
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
    price: float
    """In the unit of the budget; its GFLOPs, where that is the unit."""


def repair(shares: Sequence[float], budget: float, ground: Ground) -> OnBudget:
    """The schedule with proportions `shares` that costs at most `budget`, and as little less as the module says: 0.2 % or one step.

    `budget` is in the unit of the ground. `UnreachableError` if there is none: draw other shares. `ValueError` for what is no share.
    """
    _check(shares, ground)
    search = _Search(ground.project([float(share) for share in shares]), budget, ground)
    best: OnBudget | None = None
    for schedule in search.candidates():
        price = search.price(schedule)
        if price <= budget and (best is None or price > best.price) and (evaluated := ground.evaluated(schedule)) is not None:
            best = OnBudget(schedule, evaluated, price if ground.unit == COUNTED else ground.cost(schedule).gflops, price)
            if search.is_close(price):
                return best
    if best is not None and search.is_coarse:
        return search.filled_up(best)
    told = f"({', '.join(f'{share:.3g}' for share in shares)})"
    raise UnreachableError(f"no schedule with shares {told} lies within 0.2 % below {search.words(budget)}")


class _Search:
    """One call of `repair`."""

    def __init__(self, shares: tuple[float, ...], budget: float, ground: Ground) -> None:
        self.shares, self.budget, self.ground = shares, budget, ground
        self.active = [slot for slot, share in enumerate(shares) if share > 0]
        self.step = ground.shape.multiple_of
        self._known: dict[Schedule, float] = {}

    def price(self, schedule: Schedule) -> float:
        if schedule not in self._known:
            self._known[schedule] = self.ground.price(schedule)
        return self._known[schedule]

    def fits(self, schedule: Schedule) -> bool:
        return self.price(schedule) <= self.budget

    def is_close(self, price: float) -> bool:
        return self.budget * (1 - TOLERANCE) < price <= self.budget

    @property
    def is_coarse(self) -> bool:
        """Whether one step may be more than the tolerance, though the budget lies between what the shares can cost."""
        return (self.ground.shape != FREE or self.ground.unit != COUNTED) and not self.fits(self.ground.none)

    def words(self, price: float) -> str:
        return f"{price:.4g} {UNITS[self.ground.unit]}"

    def scaled(self, scale: float) -> Schedule:
        most = self.ground.source.num_tokens
        return self.ground.clip([min(most, math.floor(scale * share)) for share in self.shares])

    def candidates(self) -> Iterator[Schedule]:
        """Schedules close to the crossing, the closest first."""
        if not self.active or self.fits(self.ground.none):
            yield self.ground.none
            return
        above, below = self._bracket()
        yield below
        yield from map(self.ground.clip, _between(above, below, self.step))
        yield self._topped_up(below)
        yield from self._nudged(below)

    def _bracket(self) -> tuple[Schedule, Schedule]:
        """(schedule above the budget, schedule on or below it) as close as the scale alone brings them."""
        positive = [self.shares[slot] for slot in self.active]
        low, high = 0.5 / max(positive), (self.ground.source.num_tokens + 1) / min(positive)
        above, below = self.scaled(low), self.scaled(high)
        if not self.fits(below):
            raise UnreachableError(f"these shares cost at least {self.words(self.price(below))}, more than {self.words(self.budget)}")
        for _ in range(_DOUBLINGS):
            middle = math.sqrt(low * high)
            schedule = self.scaled(middle)
            if self.fits(schedule):
                high, below = middle, schedule
            else:
                low, above = middle, schedule
            if sum(abs(a - b) for a, b in zip(above, below, strict=True)) <= self.step or self.is_close(self.price(below)):
                break
        return above, below

    def filled_up(self, best: OnBudget) -> OnBudget:
        """`best`, entries smaller by single steps as long as that is dearer and fits."""
        for slot in self.active:
            schedule = self._fill(best.schedule, slot)
            price, evaluated = self.price(schedule), self.ground.evaluated(schedule)
            if best.price < price <= self.budget and evaluated is not None:
                return self.filled_up(OnBudget(schedule, evaluated, self.ground.cost(schedule).gflops, price))
        return best

    def _topped_up(self, schedule: Schedule) -> Schedule:
        """Tokens given back, coarse slots first, as far as the budget allows."""
        for slot in self.active:
            schedule = self._fill(schedule, slot)
        return schedule

    def _nudged(self, schedule: Schedule) -> Iterator[Schedule]:
        """One coarse slot moved a little, a finer one set to make up for it."""
        for slot, nudge in itertools.product(self.active, _NUDGES):
            moved = self.ground.clip([max(0, r + nudge * self.step * (i == slot)) for i, r in enumerate(schedule)])
            for fine in [i for i in self.active[-_FINE:] if i > slot][::-1]:
                yield self._fill(moved, fine)

    def _fill(self, schedule: Schedule, slot: int) -> Schedule:
        """`schedule` with the smallest entry in `slot` that fits the budget; the largest possible entry if none does."""

        def at(steps: int) -> Schedule:
            return self.ground.clip([*schedule[:slot], steps * self.step, *schedule[slot + 1 :]])

        largest = schedule if self.fits(schedule) else at(self.ground.source.num_tokens)
        low, high = -1, largest[slot] // self.step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.fits(at(middle)) else (middle, high)
        return at(high)


def _between(above: Schedule, below: Schedule, step: int) -> Iterator[Schedule]:
    """Slot by slot from `above` to `below`."""
    current = list(above)
    for slot, r in enumerate(below):
        while current[slot] != r:
            current[slot] += step if r > current[slot] else -step
            yield tuple(current)


def _check(shares: Sequence[float], ground: Ground) -> None:
    if len(shares) != ground.slots:
        raise ValueError(f"{ground.method.name}: {len(shares)} shares; {ground.slots} would be accepted")
    if not all(math.isfinite(share) and share >= 0 for share in shares):
        raise ValueError(f"{ground.method.name}: shares {tuple(shares)}; finite numbers from 0 would be accepted")
