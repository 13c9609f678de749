"""The project's own searcher: expected improvement on the budget, under a Gaussian process that all budgets of a method share.

Candidates are scaled to the budget roughly and all at once; the most promising few are repaired exactly and looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from tldr_search.config import SHAPES
from tldr_search.study.budget import OnBudget
from tldr_search.study.ground import Ground
from tldr_search.study.samplers import Sampler, Start
from tldr_search.study.sensitivity import Damage, first_front, on_front
from tldr_search.study.space import POWER, known_shapes, to_parameters
from tldr_search.study.surface import Observed, Surface, expected_improvement
from tldr_search.study.trajectory import Curves, Floats

NEAR, FAR = 300, 100
"""Candidates near good schedules, and anywhere."""
PARENTS = 6
STEPS = (0.05, 0.15, 0.3)
"""Standard deviations of a step in a parameter."""
EXACT, TRIES = 4, 16
"""Candidates that are repaired and looked at again, out of so many at most."""
DOUBT = 1.0
"""Standard deviations by which a schedule must be expected to beat a known shape. Chosen after real runs in which, without it, schedules
that were better on 200 clips of the search split were worse than the shape on the report split."""
_ASSUMED = 1.5**2
"""Variance of a score whose samples are not known, in points squared."""

Evidence = Callable[[], Sequence[Observed]]


class Trajectory(Sampler):
    """Warm starts (with the schedule that the probes imply), then the model's proposals."""

    def __init__(
        self,
        ground: Ground,
        budget: float,
        starts: Sequence[Start] | None = None,
        seed: int = 0,
        key: str = "",
        *,
        damage: Damage | None = None,
        evidence: Evidence = tuple,
    ) -> None:
        """`damage`: from the probes, if there were any; `evidence`: everything that is known of this method, at any budget, now.

        Trials of the study itself that `evidence` lacks count with their values. `starts`: the known shapes, unless given.
        """
        if starts is None:
            starts = [Start(*pair) for pair in known_shapes(ground.method, ground.source).items()]
        self.damage = damage or Damage.fit({}, Curves(ground))
        if damage and (found := on_front(first_front(damage), budget, ground)):
            starts = [Start("sensitivity", found[0]), *starts]
        self._evidence, self._curves = evidence, self.damage.curves
        super().__init__(ground, budget, starts, seed, key)
        self._shapes = {evaluated for origin, evaluated in self.reached.items() if origin in SHAPES}

    def refine(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> dict[str, Any]:
        """The candidate with the largest expected improvement."""
        rng = np.random.default_rng(seed)
        known = self.known(study)
        surface = self.surface(study, known)
        here = self._curves.of([on_budget.schedule for on_budget in known.values()])
        if surface is None or not len(here):
            return self._params(self._anywhere(rng, 1)[0])
        means = surface(here, self.damage(here))[0]
        parents = np.array([on_budget.schedule for on_budget in known.values()])[np.argsort(-means, kind="stable")[:PARENTS]]
        candidates = np.concatenate([self._near(parents, rng), self._anywhere(rng, FAR)])
        curves = self._curves.scaled(candidates, self.budget)
        promising = np.argsort(-self._gain(surface, curves, float(means.max())), kind="stable")
        distinct = self._distinct(curves[promising], here)
        return self._best(candidates[promising][distinct], surface, known, float(means.max()))

    def choose(self, study: optuna.Study) -> OnBudget:
        """Of the trials that were finished on all videos, the best as far as is known; among equals the cheapest, then the earliest.

        The benefit of the doubt is a known shape's: another schedule is chosen only if it is expected to be better by more than `DOUBT`
        standard deviations of the difference, as if the two were independent (which they are not: the bar is rather high). Scores on a
        search split are generous to what was searched on it. `ValueError` if no trial is finished.
        """
        known = self.known(study)
        complete = [known[t.number] for t in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if t.number in known]
        if (surface := self.surface(study, known)) is None or not complete:
            raise ValueError("no trial is finished; at least one would be accepted")
        curves = self._curves.of([on_budget.schedule for on_budget in complete])
        means, spreads = surface(curves, self.damage(curves))
        ranked = sorted(range(len(complete)), key=lambda i: (-means[i], complete[i].price))
        trusted = next((i for i in ranked if complete[i].evaluated in self._shapes), ranked[0])
        doubt = DOUBT * float(np.hypot(spreads[ranked[0]], spreads[trusted]))
        return complete[ranked[0] if means[ranked[0]] - means[trusted] > doubt else trusted]

    def surface(self, study: optuna.Study, known: dict[int, OnBudget]) -> Surface | None:
        """What is expected of any schedule now; None before the first score."""
        observed = {o.schedule: o for o in self._evidence()}
        running = []
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.RUNNING)):
            if trial.number not in known or (schedule := known[trial.number].schedule) in observed:
                continue
            if trial.state == TrialState.RUNNING:
                running.append(schedule)
            elif trial.value is not None:
                observed[schedule] = Observed(schedule, trial.value, _ASSUMED)
        if not observed:
            return None
        curves, open_curves = self._curves.of(list(observed)), self._curves.of(running)
        return Surface(curves, self.damage(curves), list(observed.values()), open_curves, self.damage(open_curves))

    def _gain(self, surface: Surface, curves: Floats, best: float) -> Floats:
        return expected_improvement(*surface(curves, self.damage(curves)), best)

    def _distinct(self, curves: Floats, known: Floats) -> list[int]:
        """The first of each group of `curves` that look alike on the evaluated model, unless they look like one of `known`."""
        target = self.ground.target
        units = np.array([self.ground.method.unit(slot, target) for slot in range(self.ground.slots)])
        rows = np.round(np.exp(-np.concatenate([known, curves])) * target.num_tokens / units).astype(int)
        firsts = np.sort(np.unique(rows, axis=0, return_index=True)[1]) - len(known)
        return [int(i) for i in firsts if i >= 0]

    def _best(self, promising: Floats, surface: Surface, known: dict[int, OnBudget], best: float) -> dict[str, float]:
        """Of the first `EXACT` that lie on the budget and are new, the one with the largest gain; the first of all if there is none."""
        if not len(promising):
            return dict.fromkeys(self.space, 0.0)  # nothing that looks new is left: no shares, which reach no budget
        seen = {on_budget.evaluated for on_budget in known.values()}
        chosen: dict[tuple[int, ...], tuple[dict[str, float], OnBudget]] = {}
        for shares in promising[:TRIES]:
            params = self._params(shares)
            on_budget = self.on_budget(params)
            if on_budget is not None and on_budget.evaluated not in seen:
                chosen.setdefault(on_budget.evaluated, (params, on_budget))
            if len(chosen) == EXACT:
                break
        if not chosen:
            return self._params(promising[0])
        gains = self._gain(surface, self._curves.of([on_budget.schedule for _, on_budget in chosen.values()]), best)
        return list(chosen.values())[int(gains.argmax())][0]

    def _near(self, parents: Floats, rng: np.random.Generator) -> Floats:
        """[NEAR, slots] shares: between two of `parents`, the best first, and a step away in some of the parameters."""
        points = (parents / parents.max(axis=1, keepdims=True)) ** (1 / POWER)
        first = points[np.minimum(rng.geometric(0.4, NEAR) - 1, len(points) - 1)]
        mixed = first + rng.random((NEAR, 1)) * (points[rng.integers(len(points), size=NEAR)] - first)
        steps = rng.choice(STEPS, (NEAR, 1)) * rng.normal(size=mixed.shape) * (rng.random(mixed.shape) < rng.random((NEAR, 1)))
        moved: Floats = np.abs(mixed + steps) ** POWER
        return moved

    def _anywhere(self, rng: np.random.Generator, count: int) -> Floats:
        """[count, slots] shares, of few slots or many."""
        shares = rng.standard_gamma(0.15 + rng.random((count, 1)) ** 2, (count, self.ground.slots)) + 1e-9
        scaled: Floats = shares / shares.max(axis=1, keepdims=True)
        return scaled

    def _params(self, shares: Floats) -> dict[str, float]:
        return to_parameters([float(share) for share in shares])
