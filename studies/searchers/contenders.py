"""The searchers that are compared: each yields its evaluations one after another, with what it would choose then.

Raw counts are drawn for each slot between 0 and the most that could leave it where nothing left before; an entry that is impossible after
the earlier ones is cut to what is possible. Costs above the budget are told to Optuna as violated constraints. NSGA-II has a population of
10, for with its default of 50 it would not get beyond its first, random generation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from tldr_search.schedule import Schedule
from tldr_search.study import racing
from tldr_search.study.budget import OnBudget, UnreachableError, repair
from tldr_search.study.ground import Ground
from tldr_search.study.proposals import Trajectory
from tldr_search.study.samplers import OPTUNAS, Optunas, Sampler, Start
from tldr_search.study.sensitivity import PART, Damage, probes
from tldr_search.study.space import known_shapes
from tldr_search.study.surface import Observed, observed
from tldr_search.study.trajectory import Curves

PARTS, ALPHA = (0.25, 0.5), 0.05
DRAWS = 50
PUBLISHED = ("vid-tldr", "constant", "sta")

Floats = NDArray[np.floating[Any]]


class Evaluator(Protocol):
    """Measures schedules of one method, in the counts of the evaluated model."""

    def outcomes(self, schedule: Schedule, part: float, objective: str) -> Floats:
        """Per sample of the first `part` of the videos."""
        ...

    def quality(self, schedules: Sequence[Schedule]) -> Floats:
        """[n]: what the searchers are judged by, in points."""
        ...


class World(NamedTuple):
    """A method at a budget."""

    evaluator: Evaluator
    ground: Ground
    budget: float

    def shown(self, schedule: Schedule, part: float = 1.0, objective: str = "t2v_r1") -> Floats:
        """Outcomes of a schedule in the counts of the evaluated model."""
        return self.evaluator.outcomes(schedule, part, objective)


class Step(NamedTuple):
    """An evaluation."""

    passes: float
    """Video passes up to and with it."""
    gflops: float
    evaluated: Schedule
    choice: Schedule | None
    """What would be chosen now."""


def ours(here: World, seed: int, *, probe: bool = True, parts: Sequence[float] = PARTS, by_model: bool = True) -> Iterator[Step]:
    """As `study` searches: probes, warm starts, the model's proposals, schedules that are significantly worse stopped early."""
    passes, curves, fidelities = 0.0, Curves(here.ground), {}
    for single in probes(here.ground) if probe else ():
        fidelities[single.schedule] = float(here.shown(single.evaluated, PART, "fidelity").mean())
        passes += PART
    found: dict[int, tuple[OnBudget, dict[float, Floats]]] = {}
    damage = Damage.fit(fidelities, curves) if probe else None
    sampler = Trajectory(here.ground, here.budget, seed=seed, damage=damage, evidence=lambda: _observed(found))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    levels = dict(zip(parts, racing.spend(ALPHA, parts), strict=True))
    while True:
        for draw in range(DRAWS):
            trial = study.ask(sampler.at(len(found), draw).space)
            on_budget = sampler.on_budget(trial.params)
            if on_budget is not None and on_budget.evaluated not in [o.evaluated for o, _ in found.values()]:
                break
            study.tell(trial, state=TrialState.FAIL)
        else:
            return
        best, seen = _best(found), dict[float, Floats]()
        for part in (*parts, 1.0):
            seen[part] = here.shown(on_budget.evaluated, part)
            if part < 1 and best is not None and racing.worse(seen[part].tolist(), best[1][part].tolist(), levels[part]):
                break
        found[trial.number] = (on_budget, seen)
        if 1.0 in seen:
            study.tell(trial, 100 * float(seen[1.0].mean()))
        else:
            study.tell(trial, state=TrialState.PRUNED)
        passes += max(seen)
        chosen = _best(found)
        assert chosen is not None
        choice = sampler.choose(study) if by_model else chosen[0]
        yield Step(passes, on_budget.gflops, on_budget.evaluated, choice.evaluated)


def _best(found: Mapping[int, tuple[OnBudget, dict[float, Floats]]]) -> tuple[OnBudget, dict[float, Floats]] | None:
    complete = [pair for pair in found.values() if 1.0 in pair[1]]
    return max(complete, key=lambda pair: float(pair[1][1.0].mean()), default=None)


def _observed(found: Mapping[int, tuple[OnBudget, dict[float, Floats]]]) -> list[Observed]:
    return observed([(on_budget.schedule, {part: seen[part].tolist() for part in seen}) for on_budget, seen in found.values()])


def with_our_starts(build: Callable[[int], BaseSampler], here: World, seed: int) -> Iterator[Step]:
    """A sampler of Optuna's over the shares after the known shapes, as `study --sampler` runs it."""
    starts = [Start(*pair) for pair in known_shapes(here.ground.method, here.ground.source).items()]
    return _all_videos(Optunas(build, here.ground, here.budget, starts, seed), here)


def _all_videos(sampler: Sampler, here: World) -> Iterator[Step]:
    study = optuna.create_study(direction="maximize", sampler=sampler)
    best, chosen = -1.0, None
    for passes in itertools.count(1):
        while (on_budget := sampler.on_budget((trial := study.ask(sampler.space)).params)) is None:
            study.tell(trial, state=TrialState.FAIL)
        score = 100 * float(here.shown(on_budget.evaluated).mean())
        study.tell(trial, score)
        if score > best:
            best, chosen = score, on_budget.evaluated
        yield Step(passes, on_budget.gflops, on_budget.evaluated, chosen)


def on_manifold(build: Callable[[int], BaseSampler], here: World, seed: int) -> Iterator[Step]:
    """A sampler of Optuna's over the shares, every schedule repaired to the budget."""
    return _all_videos(Optunas(build, here.ground, here.budget, (), seed), here)


def on_counts(build: Callable[[int], BaseSampler], here: World, seed: int) -> Iterator[Step]:
    """A sampler of Optuna's over the counts of the cost model, the budget a constraint."""
    study = optuna.create_study(direction="maximize", sampler=build(seed))
    method, geometry = here.ground.method, here.ground.source
    most = [method.largest(slot, geometry.num_tokens, geometry) for slot in range(here.ground.slots)]
    distributions = {f"r_{slot:02d}": optuna.distributions.IntDistribution(0, high) for slot, high in enumerate(most)}
    best, chosen = -1.0, None
    for passes in itertools.count(1):
        trial = study.ask(distributions)
        schedule = here.ground.clip([trial.params[name] for name in distributions])
        gflops, evaluated = here.ground.cost(schedule).gflops, here.ground.evaluated(schedule)
        assert evaluated is not None
        score = 100 * float(here.shown(evaluated).mean())
        trial.set_constraint("gflops", gflops - here.budget)
        study.tell(trial, score)
        if gflops <= here.budget and score > best:
            best, chosen = score, evaluated
        yield Step(passes, gflops, evaluated, chosen)


def grid(here: World, seed: int) -> Iterator[Step]:
    """The published shapes, rescaled to the budget, and nothing after them."""
    del seed
    best, chosen = -1.0, None
    shapes = known_shapes(here.ground.method, here.ground.source)
    for passes, name in enumerate((name for name in PUBLISHED if name in shapes), start=1):
        try:
            on_budget = repair(shapes[name], here.budget, here.ground)
        except UnreachableError:
            continue
        score = float(here.shown(on_budget.evaluated).mean())
        if score > best:
            best, chosen = score, on_budget.evaluated
        yield Step(passes, on_budget.gflops, on_budget.evaluated, chosen)


Searcher = Callable[[World, int], Iterator[Step]]


def _optuna(where: Callable[[Callable[[int], BaseSampler], World, int], Iterator[Step]], name: str) -> Searcher:
    return lambda here, seed: where(OPTUNAS[name], here, seed)


SEARCHERS: dict[str, Searcher] = {
    "ours": ours,
    "published shapes": grid,
    "TPE, counts": _optuna(on_counts, "tpe"),
    "NSGA-II, counts": _optuna(on_counts, "nsgaii"),
    "random, counts": _optuna(on_counts, "random"),
    "TPE, on budget": _optuna(on_manifold, "tpe"),
    "TPE, our starts": _optuna(with_our_starts, "tpe"),
}
EXTRA: dict[str, Searcher] = {
    "random, on budget": _optuna(on_manifold, "random"),
    "CMA-ES, on budget": _optuna(on_manifold, "cmaes"),
    "GP, on budget": _optuna(on_manifold, "gp"),
    "GP, our starts": _optuna(with_our_starts, "gp"),
    "CMA-ES, our starts": _optuna(with_our_starts, "cmaes"),
    "ours, no probes": lambda here, seed: ours(here, seed, probe=False),
    "ours, no stopping": lambda here, seed: ours(here, seed, parts=()),
    "ours, choice by score": lambda here, seed: ours(here, seed, by_model=False),
}
