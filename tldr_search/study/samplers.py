"""Which shares to try next, in a way that can be replayed: known shapes first, then the model's proposals or those of Optuna's samplers.

Every draw has a random state of its own, seeded by (seed, search, trials finished, trials running, draw). With the history it fixes the
draw, so a study that was killed and resumed proposes what an uninterrupted one does. A trial that was told as failed is as if it had never
been.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from tldr_search.study.budget import OnBudget, UnreachableError, repair
from tldr_search.study.ground import Ground
from tldr_search.study.records import CLAIM
from tldr_search.study.space import Shares, parameter_names, to_parameters, to_shares

_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


class Start(NamedTuple):
    """A schedule to begin with."""

    origin: str
    """Name of a known shape, `neighbour` or `sensitivity`."""
    shares: Shares


class Sampler(BaseSampler):
    """Warm starts, then `refine`. An Optuna sampler like any other; `at` pins a draw for whoever wants to replay it."""

    def __init__(self, ground: Ground, budget: float, starts: Sequence[Start], seed: int = 0, key: str = "") -> None:
        """`budget` in the ground's unit; `key`: name of the search, so that searches with one seed differ."""
        self.ground, self.budget = ground, budget
        self.space: dict[str, BaseDistribution] = {name: FloatDistribution(0, 1) for name in parameter_names(ground.slots)}
        self.origin = ""
        """Where the last proposal came from: that of a start, or `model`."""
        self.left_out: dict[str, str] = {}
        """Starts that cannot reach the budget: origin -> why."""
        self._seed, self._key = seed, key or f"{ground.method.spec}@{budget:.6g}"
        self._pinned: tuple[int | None, int] = (None, 0)
        self._claims = False
        self._repaired: dict[tuple[float, ...], OnBudget | None] = {}
        self.reached: dict[str, tuple[int, ...]] = {}
        """Starts that reach it: origin -> schedule in the counts of the evaluated model; two may be one."""
        self._starts = self._reachable(starts)

    def at(self, turn: int, draw: int) -> Self:
        """Itself, for the `draw`th attempt (from 0) after `turn` finished trials."""
        self._pinned, self._claims = (turn, draw), True
        return self

    def on_budget(self, params: Mapping[str, float]) -> OnBudget | None:
        """The schedule of a trial's parameters; None if they don't reach the budget."""
        key = tuple(params[name] for name in self.space)
        if key not in self._repaired:
            try:
                self._repaired[key] = repair(to_shares(params), self.budget, self.ground)
            except UnreachableError:
                self._repaired[key] = None
        return self._repaired[key]

    def known(self, study: optuna.Study) -> dict[int, OnBudget]:
        """What was or is being evaluated, by number of its trial; with `at`, only what was claimed: others may be those of the dead."""
        trials = study.get_trials(deepcopy=False, states=(*_DONE, TrialState.RUNNING))
        found = (
            (t.number, self.on_budget(t.params))
            for t in trials
            if t.params.keys() >= self.space.keys() and (t.state.is_finished() or not self._claims or CLAIM in t.user_attrs)
        )
        return {number: on_budget for number, on_budget in found if on_budget is not None}

    def choose(self, study: optuna.Study) -> OnBudget:
        """Of the trials that were finished on all videos, the highest score; among equals the cheapest, then the earliest.

        `ValueError` if there is none.
        """
        known = self.known(study)
        complete = [t for t in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if t.number in known]
        if not complete:
            raise ValueError("no trial is finished; at least one would be accepted")
        return known[max(complete, key=lambda t: (float(t.value or 0), -known[t.number].price)).number]

    @abstractmethod
    def refine(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> dict[str, Any]:
        """Parameters once the warm starts are used up, all or none."""

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The whole space."""
        return self.space

    def sample_relative(self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        """The next warm start that nobody has taken, or a refinement."""
        turn, draw = self._pinned
        self._pinned = (None, 0)
        known = self.known(study)
        known.pop(trial.number, None)
        seen = {on_budget.evaluated for on_budget in known.values()}
        waiting = [start for start, on_budget in self._starts if on_budget.evaluated not in seen]
        if draw < len(waiting):
            self.origin = waiting[draw].origin
            return dict(to_parameters(waiting[draw].shares))
        self.origin = "model"
        done = len(study.get_trials(deepcopy=False, states=_DONE))
        running = max(len(known) - done, 0)
        return self.refine(study, trial, _number(self._seed, self._key, done if turn is None else turn, running, draw))

    def sample_independent(self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution) -> Any:
        """Asked for parameters that are not of this space."""
        raise ValueError(f"parameter {param_name!r}; one of {', '.join(self.space)} would be accepted")

    def _reachable(self, starts: Sequence[Start]) -> list[tuple[Start, OnBudget]]:
        """The starts that reach the budget, each evaluated schedule once, under its first name."""
        chosen: dict[tuple[int, ...], tuple[Start, OnBudget]] = {}
        for start in starts:
            try:
                on_budget = repair(to_shares(to_parameters(start.shares)), self.budget, self.ground)
            except UnreachableError as error:
                self.left_out[start.origin] = str(error)
                continue
            self.reached[start.origin] = on_budget.evaluated
            chosen.setdefault(on_budget.evaluated, (start, on_budget))
        return list(chosen.values())


class Optunas(Sampler):
    """Warm starts, then a sampler of Optuna's on the budget."""

    def __init__(
        self, build: Callable[[int], BaseSampler], ground: Ground, budget: float, starts: Sequence[Start], seed: int = 0, key: str = ""
    ) -> None:
        """`build`: seed -> the sampler."""
        super().__init__(ground, budget, starts, seed, key)
        self._build = build

    def refine(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> dict[str, Any]:
        """One draw of a fresh sampler, which finds its state in the study."""
        sampler = self._build(seed)
        sampler.before_trial(study, trial)
        found = sampler.sample_relative(study, trial, sampler.infer_relative_search_space(study, trial))
        missing = {name: dist for name, dist in self.space.items() if name not in found}
        return found | {name: sampler.sample_independent(study, trial, name, dist) for name, dist in missing.items()}

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Some keep their generations up to date here."""
        self._build(self._seed).after_trial(study, trial, state, values)


OPTUNAS: Mapping[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "gp": lambda seed: optuna.samplers.GPSampler(seed=seed),
    "cmaes": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
    "nsgaii": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=10),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}
"""Name -> seed -> Optuna's sampler. `gp` imports torch when it is first used, `cmaes` needs the package of that name."""


def _number(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:4])
