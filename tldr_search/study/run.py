"""A whole study: create or resume a run, search every rung, measure the winners again on clips the search never saw.

Resuming is replay: every evaluation is in the ledger, every trial in Optuna's storage, and what comes next follows from both.
"""

from __future__ import annotations

import itertools
import json
import platform
import shlex
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import optuna

import tldr_search
from tldr_search import config as configs
from tldr_search.config import StudyConfig
from tldr_search.cost import CostModel
from tldr_search.lock import locked
from tldr_search.reducers import get_method
from tldr_search.scores import Evaluation
from tldr_search.study import directory, result, rung
from tldr_search.study.budget import Ground, OnBudget, UnreachableError, repair
from tldr_search.study.ledger import Evaluator, Ledger
from tldr_search.study.progress import Meter, Progress, Silent, Status
from tldr_search.study.result import Point, Result
from tldr_search.study.space import Shares, known_shapes, shape

PACKAGES = ("optuna", "numpy", "torch", "lightning")
BASE = OnBudget((), (), 0.0)


def run_study(
    config: StudyConfig, evaluator: Evaluator, *, weights: str = "", command: str = "", progress: Progress | None = None
) -> Result:
    """Searches, or goes on searching, as `config` says; a run that is finished is only read.

    `evaluator(method, schedule, split)` is called for what was not measured before, with schedules in the counts of
    `config.model`; method `none` with an empty schedule is the unreduced model. `weights` says in any words which weights
    it uses, so that a run is not resumed with others. `ValueError` for what the user can put right.
    """
    run, shown = config.directory, progress or Silent()
    settings = {name: value for name, value in configs.to_mapping(config).items() if name != "out"}
    command = command or default_command(config)
    try:
        with locked(run):
            directory.check_settings(run, settings, weights)
            path = run / directory.RESULT
            if not path.exists():
                result.save(_Run(config, evaluator, settings, weights, command, shown).finish(), path)
            return result.load(path)
    except (KeyboardInterrupt, SystemExit):
        if (run / directory.SETTINGS).exists():
            shown.say(f"stopped; every finished evaluation is kept in {run}, and the same command resumes: {command}")
        raise
    finally:
        shown.close()


def default_command(config: StudyConfig) -> str:
    """What resumes the study from the settings that its run keeps, or with another --out repeats it."""
    run = config.directory
    return f"python -m tldr_search study {shlex.quote(str(run / directory.SETTINGS))} --out {shlex.quote(str(run))}"


class _Run:
    """One session of a run."""

    def __init__(
        self, config: StudyConfig, evaluator: Evaluator, settings: dict[str, object], weights: str, command: str, progress: Progress
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.config, self.evaluator, self.command, self.progress = config, evaluator, command, progress
        self.ledger = Ledger(config.directory / directory.LEDGER)
        self.storage = directory.open_storage(config.directory, config.storage)
        self.settings, self.weights = settings, weights
        self.meter = Meter()
        self.best: Point | None = None
        evaluated, counted = config.evaluated, config.counted
        self.base_gflops = CostModel(counted).base
        self.methods, self.baselines = (tuple(get_method(name).spec for name in names) for names in (config.methods, config.baselines))
        self.grounds = {name: Ground(CostModel(counted, name), evaluated.geometry) for name in (*self.methods, *self.baselines)}
        self.budget = config.budget_gflops
        self.left_out: set[tuple[str, float]] = set()

    def finish(self) -> Result:
        """Everything that is not in the run yet, in an order that depends on nothing but the config."""
        self._plan()
        self._show()
        base_search = self._base(self.config.search_split)
        base = self._base(self.config.report_split)
        trials: dict[tuple[str, float], tuple[Point, ...]] = {}
        for budget in _outwards(self.config.rungs, self.budget):
            for method in self.methods:
                if (method, budget) not in self.left_out:
                    trials[method, budget] = self._search(method, budget, trials)
        pairs = sorted((key for key, points in trials.items() if points), key=lambda key: (self.methods.index(key[0]), key[1]))
        winners = tuple(self._again(rung.winner(trials[pair])) for pair in pairs)
        baselines = tuple(p for name in self.baselines for budget in self.config.rungs if (p := self._baseline(name, budget)))
        config = self.config
        return Result(
            name=config.name,
            model=config.model,
            cost_model=config.costs,
            checkpoint=config.checkpoint,
            benchmark=config.benchmark,
            objective=config.objective,
            budget=self.budget,
            search_split=config.search_split,
            report_split=config.report_split,
            base_search=base_search,
            base=base,
            trials=tuple(p for points in trials.values() for p in points),
            winners=winners,
            baselines=baselines,
            seed=config.seed,
            command=self.command,
            versions=_versions(),
            seconds=self.ledger.seconds,
        )

    def _plan(self) -> None:
        """Says what is out of reach, and expects the rest."""
        for split in (self.config.search_split, self.config.report_split):
            self.meter.expect(split, self.base_gflops)
        for (name, ground), budget in itertools.product(self.grounds.items(), self.config.rungs):
            if not ground.cost.least <= budget < ground.cost.base:
                self.left_out.add((name, budget))
                self.progress.say(f"{name}: {budget:.1f} GFLOPs left out; it costs at least {ground.cost.least:.1f}")
        for name, budget in itertools.product(self.methods, self.config.rungs):
            if (name, budget) not in self.left_out:
                self.meter.expect(self.config.search_split, budget, self._trials(budget))
                self.meter.expect(self.config.report_split, budget)
        for name, budget in itertools.product(self.baselines, self.config.rungs):
            self.meter.expect(self.config.report_split, budget, int((name, budget) not in self.left_out))

    def _trials(self, budget: float) -> int:
        return self.config.trials if budget == self.budget else self.config.rung_trials

    def _search(self, method: str, budget: float, found: dict[tuple[str, float], tuple[Point, ...]]) -> tuple[Point, ...]:
        ground, trials = self.grounds[method], self._trials(budget)
        shapes = known_shapes(ground.method, ground.source)
        warm = list(shapes.items())
        if budget != self.budget:
            warm = _from_neighbour(self._neighbour(method, budget, found), shapes, found[method, self.budget])
        name = directory.study_name(self.config.directory, self.config.name, method, budget)
        study = directory.open_study(self.storage, name, json.dumps(self.settings))
        counted: set[tuple[int, ...]] = set()

        def measure(on_budget: OnBudget) -> Evaluation:
            evaluation = self._evaluate(method, on_budget, self.config.search_split)
            if on_budget.evaluated not in counted:
                counted.add(on_budget.evaluated)
                self.meter.record(self.config.search_split, budget, evaluation.seconds)
                candidate = rung.point(method, on_budget, budget, "", evaluation)
                if budget == self.budget and (self.best is None or rung.winner((self.best, candidate)) is candidate):
                    self.best = candidate
                self._show()
            return evaluation

        points = rung.search(study, ground, budget, warm, trials, self.config.seed, measure, self.progress.say)
        if len(points) < trials:
            self.progress.say(f"{method}: only {len(points)} different schedules were found at {budget:.1f} GFLOPs, not {trials}")
            self.meter.cancel(self.config.search_split, budget, trials - len(points))
            self.meter.cancel(self.config.report_split, budget, int(not points))
        return points

    def _neighbour(self, method: str, budget: float, found: dict[tuple[str, float], tuple[Point, ...]]) -> Point:
        """The winner of the nearest rung that was searched already, on the way to the budget asked for."""
        low, high = sorted((budget, self.budget))
        rungs = [b for (name, b), points in found.items() if name == method and points and low <= b <= high]
        if not rungs:
            raise RuntimeError(f"{method}: no schedule was found at {self.budget:.1f} GFLOPs, although it can be reached")
        return rung.winner(found[method, min(rungs, key=lambda b: abs(b - budget))])

    def _base(self, split: str) -> Point:
        evaluation = self._evaluate("none", BASE, split)
        self.meter.record(split, self.base_gflops, evaluation.seconds)
        self._show()
        return rung.point("none", BASE._replace(gflops=self.base_gflops), self.base_gflops, "base", evaluation)

    def _again(self, found: Point) -> Point:
        """`found`, measured on the report split."""
        return self._report(found.method, OnBudget(found.schedule, found.evaluated, found.gflops), found.budget, found.origin)

    def _baseline(self, method: str, budget: float) -> Point | None:
        """`method` with the shape of the baselines; None where that is out of reach."""
        if (method, budget) in self.left_out:
            return None
        ground, name = self.grounds[method], self.config.baseline_shape
        try:
            on_budget = repair(shape(name, ground.method, ground.source), budget, ground)
        except UnreachableError as error:
            self.progress.say(f"{method}: {budget:.1f} GFLOPs left out; {error}")
            self.meter.cancel(self.config.report_split, budget)
            return None
        return self._report(method, on_budget, budget, name)

    def _report(self, method: str, on_budget: OnBudget, budget: float, origin: str) -> Point:
        evaluation = self._evaluate(method, on_budget, self.config.report_split)
        self.meter.record(self.config.report_split, budget, evaluation.seconds)
        self._show()
        return rung.point(method, on_budget, budget, origin, evaluation)

    def _evaluate(self, method: str, on_budget: OnBudget, split: str) -> Evaluation:
        key = method, on_budget.evaluated, split
        if known := self.ledger.find(key):
            return known
        evaluation = self.evaluator(*key)
        if not len(self.ledger):
            directory.keep_settings(self.config.directory, self.settings, self.weights)
        return self.ledger.add(key, evaluation)

    def _show(self) -> None:
        self.progress.update(Status(self.meter.done, self.meter.total, self.best, self.meter.seconds_left))


def _outwards(rungs: Sequence[float], budget: float) -> list[float]:
    """The budget first, then the rungs below it, falling, then those above it, rising."""
    return [budget, *sorted((r for r in rungs if r < budget), reverse=True), *(r for r in rungs if r > budget)]


def _from_neighbour(neighbour: Point, shapes: dict[str, Shares], at_budget: Sequence[Point]) -> list[tuple[str, Shares]]:
    """The neighbour's winner, then the known shapes, the best at the budget first, without the one that the winner is itself."""
    ranked = sorted((p for p in at_budget if p.origin in shapes and p.origin != neighbour.origin), key=lambda p: -p.score)
    return [("neighbour", tuple(float(r) for r in neighbour.schedule)), *((p.origin, shapes[p.origin]) for p in ranked)]


def _versions() -> dict[str, str]:
    """Of Python and of what is installed of `PACKAGES`, without importing any of them."""
    versions = {"python": platform.python_version(), "tldr_search": tldr_search.__version__}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
