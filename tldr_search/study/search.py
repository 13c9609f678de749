"""One method at one budget: propose, claim, evaluate part by part, tell; until enough trials are done or nothing is gained any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from tldr_search.scores import Evaluation, Measure, Request
from tldr_search.study import racing
from tldr_search.study.budget import Ground, OnBudget, UnreachableError, repair
from tldr_search.study.claims import Claims, Record, lost
from tldr_search.study.progress import Effort
from tldr_search.study.records import digest
from tldr_search.study.result import Point
from tldr_search.study.samplers import Sampler
from tldr_search.study.space import to_shares
from tldr_search.study.surface import Observed, observed

EXHAUSTED = "exhausted"
"""User attribute of an Optuna study in which there is nothing new to propose: the stamp of the settings."""
DRAWS = 50
"""How often a trial is drawn again before its search is said to be exhausted."""
WHOLE = 1.0


@dataclass(frozen=True)
class Task:
    """What is searched, and how long."""

    ground: Ground
    budget: float
    """In the ground's unit."""
    split: str
    objective: str
    trials: int
    """Schedules, those that are stopped early among them."""
    parts: tuple[float, ...]
    """Shares of the split after which a schedule may be stopped, rising."""
    alpha: float
    """Chance in all with which an equally good schedule is stopped."""
    patience: int
    """Trials without a significant gain that end the search; 0: any number."""

    @property
    def name(self) -> str:
        """Of the Optuna study, below the run's."""
        return f"{self.ground.method.spec}@{self.budget:g}"


class Search:
    """One worker's part in a search."""

    def __init__(self, task: Task, claims: Claims, sampler: Sampler, measure: Measure) -> None:
        self.task, self._claims, self._sampler, self._measure = task, claims, sampler, measure
        self._dry_at = -1
        """Records when there was nothing new to propose: no use to draw again before there are more."""

    @property
    def records(self) -> list[Record]:
        """Its trials that are finished, by number."""
        return [record for record in self._claims.records() if record.is_done]

    @property
    def is_finished(self) -> bool:
        """Whether no further trial will come."""
        return self._is_enough(self.records) and not any(record.is_open for record in self._claims.records())

    @property
    def ending(self) -> str:
        """Why it ended before its trials were done; empty if it did not."""
        done, task = self.records, self.task
        if len(done) >= task.trials:
            return ""
        where = f"{task.ground.method.spec} at {task.budget:.1f}"
        if self._is_exhausted:
            return f"{where}: only {len(done)} different schedules were found, not {task.trials}"
        return f"{where}: ended after {len(done)} of {task.trials} trials; the last {task.patience} brought no significant gain"

    def step(self) -> bool:
        """One trial; False if there is none to be made now."""
        self._claims.fail_lost()
        records = [record for record in self._claims.records() if record.is_open or record.is_done]
        if len(records) in (self._dry_at, self.task.trials) or self._is_enough(self.records):
            return False
        if (proposal := self._propose(records)) is None:
            self._dry_at = len(records)
            if not any(record.is_open for record in records):
                self._claims.study.set_user_attr(EXHAUSTED, self._claims.stamp)  # for all workers
            return False
        trial, on_budget = proposal
        with self._claims.alive(trial):
            parts = self._race(on_budget)
        self._claims.finish(trial, parts, pruned=WHOLE not in parts)
        return True

    def points(self) -> tuple[Point, ...]:
        """Its trials, by number; those that were stopped early with the largest part that they were measured on."""
        return tuple(_point(record, self.task) for record in self.records)

    def choice(self) -> Point | None:
        """The schedule that its sampler holds for the best, of those that were measured on all videos; None if there is none."""
        complete = [found for found in self.points() if found.part == WHOLE]
        if not complete:
            return None
        chosen = self._sampler.choose(self._claims.study).evaluated
        return next(found for found in complete if found.evaluated == chosen)

    def observed(self) -> list[Observed]:
        """What its trials tell about their schedules."""
        found = [(tuple(r.notes["schedule"]), {p: e.outcomes for p, e in r.parts.items()}) for r in self.records]
        return observed(found, {p: e.counts for r in self.records for p, e in r.parts.items()})

    @property
    def efforts(self) -> list[Effort]:
        """What was computed, and for how long."""
        return [
            Effort(self.task.split, record.notes["gflops"] * max(record.parts), sum(e.seconds for e in record.parts.values()))
            for record in self.records
        ]

    def _is_enough(self, done: Sequence[Record]) -> bool:
        task = self.task
        return len(done) >= task.trials or self._has_stalled(done) or self._is_exhausted

    def _has_stalled(self, done: Sequence[Record]) -> bool:
        whole = [record.parts.get(WHOLE) for record in done]
        counts = next((found.counts for found in whole if found), ())
        return racing.stalled([found.outcomes if found else None for found in whole], self.task.patience, counts)

    @property
    def _is_exhausted(self) -> bool:
        """Whether a worker has found that there is nothing new to propose."""
        return bool(self._claims.study.user_attrs.get(EXHAUSTED) == self._claims.stamp)

    def _propose(self, records: Sequence[Record]) -> tuple[Trial, OnBudget] | None:
        """A trial that is claimed, of a schedule that is new, or that was claimed by a worker that has gone; None if draws bring none."""
        turn = sum(record.is_done for record in records)
        known = {record.key for record in records}
        abandoned = lost(self._claims.records())
        for draw in range(DRAWS):
            given = abandoned.pop(0) if abandoned else None
            try:
                trial = self._ask(turn, draw, given)
            except UpdateFinishedTrialError:  # this process stood still for so long that the trial counts as lost
                continue
            on_budget = self._repaired(trial)
            if on_budget is None or (key := _key(on_budget)) in known:
                self._claims.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
                continue
            origin = given.notes["origin"] if given else self._sampler.origin
            if not self._claims.take(trial, key, {"origin": origin, **on_budget._asdict()}):
                continue
            if self._is_one_too_many(trial):
                self._claims.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
                return None
            return trial, on_budget
        return None

    def _is_one_too_many(self, trial: Trial) -> bool:
        """Whether others have claimed all trials that were left while this one was drawn."""
        others = [r for r in self._claims.records() if (r.is_open or r.is_done) and r.number != trial.number]
        return len(others) >= self.task.trials

    def _ask(self, turn: int, draw: int, given: Record | None) -> Trial:
        study = self._claims.study
        study.sampler = Given(given.params) if given else self._sampler.at(turn, draw)
        return study.ask(self._sampler.space)

    def _repaired(self, trial: Trial) -> OnBudget | None:
        try:
            return repair(to_shares(trial.params), self.task.budget, self.task.ground)
        except UnreachableError:
            return None

    def _race(self, on_budget: OnBudget) -> dict[float, Evaluation]:
        """Evaluations by part: of all videos, unless one before is significantly worse than the best schedule's."""
        task, found, rival = self.task, dict[float, Evaluation](), self._incumbent()
        levels = dict(zip(task.parts, racing.spend(task.alpha, task.parts), strict=True))
        for part in (*task.parts, WHOLE):
            found[part] = self._measure(Request(task.ground.method.spec, on_budget.evaluated, task.split, task.objective, part))
            if rival is None:
                continue
            _check_samples(found[part], rival.samples.get(part), on_budget)
            if part == WHOLE:
                continue
            if part in rival.parts and racing.worse(found[part].outcomes, rival.parts[part].outcomes, levels[part], found[part].counts):
                break
        return found

    def _incumbent(self) -> Record | None:
        """Of the best schedule so far; among equals the cheapest, then the earliest."""
        complete = [record for record in self.records if WHOLE in record.parts]
        return max(complete, key=lambda r: (r.parts[WHOLE].score, -r.notes["price"]), default=None)


class Given(optuna.samplers.BaseSampler):
    """Proposes what was proposed before."""

    def __init__(self, params: Mapping[str, float]) -> None:
        self._params = params

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing."""
        return {}

    def sample_relative(self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution) -> float:
        """One of them."""
        return self._params[param_name]


def winner(points: Sequence[Point]) -> Point:
    """The highest score on all videos; among equals the cheapest, then the earliest."""
    return max((p for p in points if p.part == WHOLE), key=lambda p: (p.score, -p.price))


def point(method: str, on_budget: OnBudget, budget: float, origin: str, evaluation: Evaluation, part: float = WHOLE) -> Point:
    """What a study leaves of an evaluation."""
    return Point(
        method=method,
        schedule=on_budget.schedule,
        evaluated=on_budget.evaluated,
        gflops=on_budget.gflops,
        price=on_budget.price,
        budget=budget,
        origin=origin,
        score=evaluation.score,
        metrics=evaluation.metrics,
        outcomes=evaluation.outcomes,
        seconds=evaluation.seconds,
        num_videos=evaluation.num_videos,
        part=part,
        counts=evaluation.counts,
    )


def _check_samples(found: Evaluation, rival: str | None, on_budget: OnBudget) -> None:
    """`RuntimeError` if the best schedule was measured on other samples: pairs would be none."""
    if rival is not None and digest(found.sample_ids) != rival:
        raise RuntimeError(
            f"schedule {_key(on_budget)} was measured on {found.sampled.num_samples} samples that are not those of the best one; "
            "are there videos that can be read only at times?"
        )


def _key(on_budget: OnBudget) -> str:
    return ",".join(map(str, on_budget.evaluated))


def _point(record: Record, task: Task) -> Point:
    notes, part = record.notes, max(record.parts)
    on_budget = OnBudget(tuple(notes["schedule"]), tuple(notes["evaluated"]), notes["gflops"], notes["price"])
    seconds = sum(evaluation.seconds for evaluation in record.parts.values())
    found = point(task.ground.method.spec, on_budget, task.budget, notes["origin"], record.parts[part], part)
    return replace(found, seconds=seconds)
