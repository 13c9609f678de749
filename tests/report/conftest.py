"""A study's result without a study: outcomes drawn from a seed around plausible scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from tldr_search.study.result import Point, Result

RUNGS = (105.0, 130.0, 155.0, 180.0, 220.0, 260.0)
BASE = 303.34
SCHEDULES = {
    "vid-tldr": lambda r: (r, r // 3, r // 6, *([0] * 9)),
    "tome": lambda r: tuple(max(r // 8 - 7 * i, 0) for i in range(12)),
    "sta": lambda r: (r // 12, r // 12, r // 16),
    "random": lambda r: (*([r // 8] * 8), 0, 0, 0, 0),
}
LOSS = {"vid-tldr": 26.0, "tome": 30.0, "sta": 37.0, "random": 62.0}
"""Points lost per unit of relative cost saved, squared."""


def outcomes(score: float, num_samples: int, seed: int) -> tuple[float, ...]:
    """0/1 outcomes that agree between schedules on most samples, as real ones do."""
    difficulty = np.random.default_rng(num_samples).uniform(size=num_samples)
    noise = np.random.default_rng(seed).normal(scale=0.05, size=num_samples)
    return tuple(float(x) for x in difficulty + noise < score / 100)


def point(
    method: str, budget: float, num_samples: int, seed: int = 0, origin: str = "sampler", extra: float = 0.0, part: float = 1.0
) -> Point:
    """A schedule at `budget` that loses what its method loses there."""
    saved = 1 - budget / BASE
    num_samples = round(part * num_samples)
    removed = int(1500 * saved) + 7 * seed
    schedule = SCHEDULES[method](removed) if method != "none" else ()
    hits = outcomes(74 - LOSS.get(method, 0) * saved**2 - extra, num_samples, seed + 31 * len(method) + int(budget))
    score = 100 * sum(hits) / num_samples
    cost = budget if method == "none" else budget * (1 - 0.0001 * (1 + seed % 17))
    metrics = {"t2v_r1": score, "t2v_r5": min(100.0, score + 18), "t2v_mdr": 1.0}
    return Point(
        method, schedule, tuple(r // 8 for r in schedule), cost, budget, origin, score, metrics, hits, 1.5, cost, num_samples, part
    )


def known(methods: tuple[str, ...]) -> tuple[Point, ...]:
    """Constant r at every rung, the other shapes at 180 only; ToMe's winner at 180 is its constant r."""
    shapes = ((4, "vid-tldr"), (5, "sta"), (6, "decreasing"))
    points = [point(m, rung, 300, 3, "constant", extra=2.0) for m in methods for rung in RUNGS]
    points += [point(m, 180.0, 300, seed, shape, extra=seed - 3.0) for m in methods for seed, shape in shapes]
    same = dataclasses.replace(point("tome", 180.0, 300), origin="constant")
    return tuple(same if (p.method, p.budget, p.origin) == (same.method, same.budget, same.origin) else p for p in points)


def probes(method: str) -> tuple[Point, ...]:
    """One layer alone loses half of its tokens (of STA: one stage), the first ones minding most."""
    slots, depth = (3, 3) if method == "sta" else (12, 12)
    found = []
    for slot in range(slots):
        schedule = tuple((90 if method == "sta" else 1176) * (i == slot) for i in range(depth))
        fidelities = tuple(float(x) for x in np.random.default_rng(slot).uniform(1 - 0.6 / (slot + 2), 1.0, size=25))
        price, score = 250.0 + 3 * slot, 100 * sum(fidelities) / 25
        metrics = {"fidelity": score}
        found.append(Point(method, schedule, schedule, price, price, "probe", score, metrics, fidelities, 0.3, price, 25, 0.125))
    return tuple(found)


def make_result(methods: tuple[str, ...] = ("vid-tldr", "tome", "sta"), baselines: bool = True, **fields: object) -> Result:
    """A finished study of `methods` on six rungs."""
    trials = [
        point(m, rung, 200, seed, "constant" if seed == 0 else "sampler", extra=0.5 * seed)
        for m in methods
        for rung in RUNGS
        for seed in range(9 if rung == 180 else 3)
    ]
    stopped = [point(m, 180.0, 200, seed, part=0.25) for m in methods for seed in (20, 21)]
    values: dict[str, object] = {
        "name": "default",
        "model": "umt-mini",
        "cost_model": "umt-b",
        "overrides": {},
        "evaluated_overrides": {},
        "checkpoint": None,
        "benchmark": "demo",
        "task": "retrieval",
        "objective": "t2v_r1",
        "budget": 180.0,
        "unit": "gflops",
        "constraints": {},
        "search_split": "search",
        "report_split": "report",
        "same_split": False,
        "base_search": point("none", BASE, 200, origin="base", extra=-4),
        "base": point("none", BASE, 300, origin="base"),
        "probes": tuple(p for m in methods for p in probes(m)),
        "trials": (*trials, *stopped),
        "winners": tuple(point(m, rung, 300, seed=0) for m in methods for rung in RUNGS),
        "baselines": tuple(point("random", rung, 300, origin="constant") for rung in RUNGS) if baselines else (),
        "known": known(methods),
        "notes": (),
        "seed": 0,
        "command": "python -m tldr_search study --budget 180gflops",
        "versions": {"tldr_search": "0.1.0", "torch": "2.13.0", "python": "3.11.7"},
        "seconds": 184.2,
    }
    return Result(**{**values, **fields})  # type: ignore[arg-type]


def removed_by(result: Result) -> dict[str, tuple[int, ...]]:
    """Tokens removed per layer by the winners at the budget; STA acts after blocks 3, 6 and 9 here."""
    removed = {}
    for winner in result.winners:
        if winner.budget == result.budget:
            counts = winner.schedule
            if winner.method == "sta":
                counts = tuple(8 * counts[(3, 6, 9).index(layer)] if layer in (3, 6, 9) else 0 for layer in range(12))
            removed[winner.method] = counts
    return removed


def without_labels(result: Result) -> Result:
    """The same study in milliseconds, a tenth of the GFLOPs, for agreement with the unreduced model."""

    def converted(p: Point) -> Point:
        hits = (1.0,) * len(p.outcomes) if p.method == "none" else p.outcomes
        score = 100 * sum(hits) / len(hits)
        return dataclasses.replace(
            p, price=p.gflops / 10, budget=p.budget / 10, outcomes=hits, score=score, metrics={**p.metrics, "agreement": score}
        )

    return dataclasses.replace(
        result,
        unit="ms",
        budget=result.budget / 10,
        objective="agreement",
        base=converted(result.base),
        base_search=converted(result.base_search),
        trials=tuple(map(converted, result.trials)),
        winners=tuple(map(converted, result.winners)),
        baselines=tuple(map(converted, result.baselines)),
        known=tuple(map(converted, result.known)),
    )


def winner_of(result: Result, method: str) -> Point:
    """The winner of `method` at the budget asked for."""
    return next(p for p in result.winners if p.method == method and p.budget == result.budget)


@pytest.fixture(scope="session")
def result() -> Result:
    """Three methods, six rungs, random dropping beside them."""
    return make_result()


@pytest.fixture(scope="session")
def removed(result: Result) -> dict[str, tuple[int, ...]]:
    """Tokens removed per layer in `result`."""
    return removed_by(result)


@pytest.fixture(scope="session")
def unlabelled(result: Result) -> Result:
    """`result` without labels and with another price."""
    return without_labels(result)


@pytest.fixture(scope="session")
def winner() -> Callable[[Result, str], Point]:
    """`winner_of`, for a test."""
    return winner_of


@pytest.fixture(scope="session")
def build() -> Callable[..., Result]:
    """`make_result`, for a test that wants another study."""
    return make_result


@pytest.fixture(scope="session")
def removal() -> Callable[[Result], dict[str, tuple[int, ...]]]:
    """`removed_by`, likewise."""
    return removed_by
