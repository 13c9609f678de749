"""How much each slot minds losing tokens, measured one slot at a time, and the first front for every budget that follows from it.

Damage is 1 - fidelity. Notation: x = -log(tokens left / tokens that enter); slot l takes the curve from x[l-1] to x[l].

    damage = sum over l of a[l] * (x[l]^2 - x[l-1]^2)

One probe gives one a[l]: half of the tokens leave in slot l and none elsewhere. The square is chosen by measurement: on recorded
evaluations of the demo at many budgets, tokens lost late weigh more the fewer are left, and this sum ranks schedules by their true damage
better than powers of the fraction that leaves in each slot (rank correlation 0.77 against 0.41 for vid-TLDR, 0.85 against 0.76 for ToMe,
0.98 against 0.86 for STA). It is additive over slots, so a dynamic programme over (slot, tokens left) finds its best schedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tldr_search.schedule import Schedule
from tldr_search.study.budget import OnBudget, UnreachableError, repair
from tldr_search.study.ground import Ground
from tldr_search.study.trajectory import Curves, Floats

PART = 0.125
"""Share of the search split on which probes are measured."""
MAGNITUDE = 0.5
"""Fraction of the tokens that leave in the slot of a probe, or the largest possible one."""
LEVELS = 96
"""Fractions left that the dynamic programme tells apart, evenly spaced in x."""
LEAST_LEFT = 0.02
SLOPES = 40
FEWEST = 1e-6
"""Damage of a slot that minds nothing: probes are noisy, and a free slot would take everything."""


class Probe(NamedTuple):
    """One slot loses tokens, the others none."""

    slot: int
    schedule: Schedule
    """In the counts of the cost model."""
    evaluated: Schedule
    """In the counts of the evaluated model."""


class Candidate(NamedTuple):
    """A schedule of the first front, not yet repaired to a budget."""

    schedule: Schedule
    """In the counts of the cost model."""
    price: float
    """About, in the unit of the budget."""
    damage: float
    """As the probes predict."""


def probes(ground: Ground) -> tuple[Probe, ...]:
    """One per slot in which tokens may leave, the first slot first. Other wishes for the shape of a schedule do not bind them."""
    found, free = [], Ground(ground.cost, ground.target)
    for slot in (slot for slot in range(ground.slots) if ground.acts[slot]):
        unit = ground.method.unit(slot, ground.source)
        wanted = round(MAGNITUDE * ground.source.num_tokens / unit)
        schedule = free.clip([wanted * (i == slot) for i in range(ground.slots)])
        evaluated = free.evaluated(schedule)
        if schedule[slot] and evaluated is not None:
            found.append(Probe(slot, schedule, evaluated))
    return tuple(found)


class Damage:
    """The additive model."""

    def __init__(self, weights: Floats, curves: Curves) -> None:
        self.weights, self.curves = weights, curves

    @classmethod
    def fit(cls, fidelities: Mapping[Schedule, float], curves: Curves) -> Damage:
        """From the mean fidelity in [0, 1] of each probe, by its schedule in the counts of the cost model.

        A slot without a probe minds as much as the mean of the others; all alike where there is no probe.
        """
        weights = np.full(len(curves.units), np.nan)
        for schedule, fidelity in fidelities.items():
            slot = int(np.argmax(schedule))
            weights[slot] = max(1 - fidelity, FEWEST) / curves.of([schedule])[0, slot] ** 2
        known = weights[np.isfinite(weights)]
        return cls(np.where(np.isfinite(weights), weights, known.mean() if len(known) else 1.0), curves)

    def __call__(self, x: Floats) -> Floats:
        """[n, slots] curves -> [n] predicted damage."""
        squares = np.diff(x**2, axis=1, prepend=0.0)
        damage: Floats = squares @ self.weights
        return damage


def first_front(damage: Damage, levels: int = LEVELS) -> tuple[Candidate, ...]:
    """The lower convex hull of (price, predicted damage) over all curves on the grid, dearest first: minima of damage + slope * price.

    Between neighbours on the hull the shares of either are repaired to the budget.
    """
    base = float(damage.curves.prices(np.zeros((1, len(damage.weights))))[0])
    typical = float(damage.weights.mean()) * np.log(2) ** 2
    chosen: dict[Schedule, Candidate] = {}
    for slope in typical / base * np.logspace(-3, 3, SLOPES):
        schedule = damage.curves.ground.clip(damage.curves.schedules(_cheapest(damage, float(slope), levels)[None])[0].tolist())
        x = damage.curves.of([schedule])
        chosen.setdefault(schedule, Candidate(schedule, float(damage.curves.prices(x)[0]), float(damage(x)[0])))
    return tuple(sorted(chosen.values(), key=lambda c: -c.price))


def on_front(front: tuple[Candidate, ...], budget: float, ground: Ground) -> tuple[tuple[float, ...], OnBudget] | None:
    """(shares, the schedule on `budget`) of the nearest candidate that reaches it, of cheaper ones before dearer; None if none does."""
    for candidate in sorted(front, key=lambda c: (c.price > budget * 1.02, abs(c.price - budget))):
        shares = tuple(float(r) for r in candidate.schedule)
        try:
            return shares, repair(shares, budget, ground)
        except UnreachableError:
            continue
    return None


def _cheapest(damage: Damage, slope: float, levels: int) -> Floats:
    """[slots]: the curve on the grid that minimises damage + slope * price. Viterbi's recursion over (slot, level)."""
    curves, x = damage.curves, np.linspace(0, -np.log(LEAST_LEFT), levels)
    left, best = np.exp(-x), np.where(np.arange(levels) == 0, 0.0, np.inf)
    came_from = []
    for slot, weight in enumerate(damage.weights):
        possible = (left <= left[:, None] + 1e-12) & (left >= left[:, None] * (1 - curves.limits[slot]) - 1e-12)  # [before, after]
        step = weight * (x**2 - x[:, None] ** 2) + slope * curves.step_prices(slot, left[:, None], left[None])
        total = np.where(possible, best[:, None] + step, np.inf)
        came_from.append(total.argmin(axis=0))
        best = total.min(axis=0)
    path = [int(best.argmin())]
    for back in came_from[:0:-1]:
        path.append(int(back[path[-1]]))
    curve: Floats = x[path[::-1]]
    return curve
