"""One method at one rung: propose, evaluate, tell, until the rung's trials are done; then its winner."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState

from tldr_search.scores import Evaluation
from tldr_search.study.budget import Ground, OnBudget, repair
from tldr_search.study.result import Point
from tldr_search.study.sampler import Sampler
from tldr_search.study.space import Shares

Measure = Callable[[OnBudget], Evaluation]
"""Measures a schedule on the search split, or finds it among what was measured before."""


def search(
    study: optuna.Study,
    ground: Ground,
    budget: float,
    warm: Sequence[tuple[str, Shares]],
    trials: int,
    seed: int,
    measure: Measure,
    say: Callable[[str], None],
) -> tuple[Point, ...]:
    """The points of this rung, in the order of their trials: `trials` of them, fewer if no more distinct schedules are found.

    Shapes of `warm` whose turn would come, but that cannot reach the budget, are said.
    """
    sampler = Sampler(study, f"{ground.method.spec}@{budget:.6g}", seed, ground.slots, warm, lambda shares: repair(shares, budget, ground))
    for turn, origin, why in sampler.left_out:
        if turn < trials:
            say(f"{ground.method.spec}: shape {origin} left out at {budget:.1f} GFLOPs: {why}")
    while len(_finished(study)) < trials:
        proposal = sampler.next()
        if proposal is None:
            break
        study.tell(proposal.trial, measure(proposal.on_budget).score)
    return tuple(_point(trial, ground, budget, measure) for trial in _finished(study)[:trials])


def winner(points: Sequence[Point]) -> Point:
    """The highest score; among equals the cheapest, then the earliest."""
    return max(points, key=lambda p: (p.score, -p.gflops))


def point(method: str, on_budget: OnBudget, budget: float, origin: str, evaluation: Evaluation) -> Point:
    """What a study leaves of an evaluation."""
    return Point(
        method=method,
        schedule=on_budget.schedule,
        evaluated=on_budget.evaluated,
        gflops=on_budget.gflops,
        budget=budget,
        origin=origin,
        score=evaluation.score,
        metrics=evaluation.metrics,
        outcomes=evaluation.outcomes,
        seconds=evaluation.seconds,
    )


def _finished(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _point(trial: FrozenTrial, ground: Ground, budget: float, measure: Measure) -> Point:
    kept = trial.user_attrs
    on_budget = OnBudget(tuple(kept["schedule"]), tuple(kept["evaluated"]), kept["gflops"])
    return point(ground.method.spec, on_budget, budget, kept["origin"], measure(on_budget))
