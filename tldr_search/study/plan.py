"""What a study would do, without doing it: what can be reached, how many schedules there are, how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import optuna
from optuna.storages import InMemoryStorage

from tldr_search.config import OBJECTIVES, SHAPES, StudyConfig
from tldr_search.data.parts import size_of
from tldr_search.reducers import get_method
from tldr_search.scores import Evaluation, Measure, Request
from tldr_search.study.claims import Claims
from tldr_search.study.ground import Ground
from tldr_search.study.placed import place
from tldr_search.study.sensitivity import PART
from tldr_search.study.size import Size, size
from tldr_search.study.work import Work

SAMPLE, LARGER = 0.1, (0.2, 0.5, 1.0)
"""Parts of the search split whose time is taken."""


class Reach(NamedTuple):
    """What a method can do."""

    method: str
    slots: int
    """Entries of a schedule in which tokens may leave."""
    least: float
    """The cheapest schedule, in the unit of the budget."""
    base: float
    """Unreduced, likewise."""
    space: Size
    """Different schedules on the budget asked for."""
    shapes: tuple[str, ...]
    """Known shapes that reach it."""


class Job(NamedTuple):
    """Evaluations of one kind."""

    what: str
    split: str
    evaluations: int
    passes: float
    """Over the whole split, at the most: schedules that are stopped early take less."""
    reduced: float
    """The same, each counted by its GFLOPs relative to the unreduced model."""


class Plan(NamedTuple):
    """A study before it begins."""

    name: str
    unit: str
    budget: float
    rungs: tuple[float, ...]
    reaches: tuple[Reach, ...]
    jobs: tuple[Job, ...]
    seconds: float | None
    """Of one worker, at the most; None: not measured."""
    seconds_per_video: float | None
    """Unreduced, which that is computed from."""


class Speed(NamedTuple):
    """How fast the unreduced model is."""

    seconds_per_video: float
    num_videos: Mapping[str, int]
    """Of each split."""


def speed(config: StudyConfig, measure: Measure, num_videos: Mapping[str, int]) -> Speed:
    """Of a small part of the search split, unreduced. What comes first loads what is needed and does not count, unless there is no more."""
    objective = OBJECTIVES[config.measures][0]  # what asks for no labels would be compared with this very run
    first = measure(Request("none", (), config.search_split, objective, SAMPLE))
    for part in LARGER:
        more = measure(Request("none", (), config.search_split, objective, part))
        if more.num_videos > first.num_videos:  # parts are of whole batches; what the smaller one has is not measured again
            return Speed(more.seconds / (more.num_videos - first.num_videos), num_videos)
    return Speed(first.seconds / first.num_videos, num_videos)


def plan(config: StudyConfig, grounds: Mapping[str, Ground], known: Speed | None = None) -> Plan:
    """Of a study on these grounds (of methods and baselines, by spec); never more than it says, if nothing is started again."""
    searched = [grounds[get_method(name).spec] for name in config.methods]
    budget, rungs = config.budget_at(searched[0].base), config.rungs_at(searched[0].base)
    jobs = tuple(_jobs(config, grounds, _probed(config, known)))
    reaches = tuple(_reach(ground, budget, config.seed) for ground in searched)
    seconds, pace = (None, None) if known is None else (_seconds(jobs, known), known.seconds_per_video)
    return Plan(config.name, config.unit, budget, rungs, reaches, jobs, seconds, pace)


def _seconds(jobs: tuple[Job, ...], known: Speed) -> float:
    return sum(job.reduced * known.num_videos[job.split] for job in jobs) * known.seconds_per_video


def _reach(ground: Ground, budget: float, seed: int) -> Reach:
    space = size(ground, budget, seed) if ground.reaches(budget) else Size(0, 0.0)
    shapes = tuple(name for name in SHAPES if ground.reaches(budget) and place(ground, budget, name))
    return Reach(ground.method.spec, sum(ground.acts), ground.least, ground.base, space, shapes)


def _probed(config: StudyConfig, known: Speed | None) -> float:
    """The share of the search split that a probe is measured on: of a small split more than was asked for, as batches are whole."""
    if known is None:
        return PART
    count = known.num_videos[config.search_split]
    return size_of(PART, count, config.videos_at_once) / count


def _jobs(config: StudyConfig, grounds: Mapping[str, Ground], probed: float) -> Iterator[Job]:
    """Of a study that nobody has begun; `probed`: share of the search split in a probe."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    nobody = optuna.create_study(storage=InMemoryStorage())
    work = Work(config, grounds, lambda name: Claims(nobody), _measures_nothing)
    base, (search, report) = work.base.gflops, config.splits
    yield Job("unreduced", search, 1, 1, 1)
    probes = [wanted for method in work.methods for wanted in work.probes(method).values()]
    if probes:
        yield Job("probes", search, len(probes), probed * len(probes), probed * sum(wanted.gflops for wanted in probes) / base)
    costs = [(budget / work.base.price, work.trials((method, budget))) for method, budget in work.pairs]
    count = sum(trials for _, trials in costs)
    yield Job("trials", search, count, count, sum(cost * trials for cost, trials in costs))
    yield Job("unreduced", report, 1, 1, 1)
    yield Job("winners", report, len(costs), len(costs), sum(cost for cost, _ in costs))
    for what, places in (("baselines", work.baseline_places), ("known shapes", work.known_places)):
        known = {(p.method, p.on_budget.evaluated): p.on_budget.gflops / base for p in places}
        yield Job(what, report, len(known), len(known), sum(known.values()))


def _measures_nothing(request: Request) -> Evaluation:
    raise AssertionError(f"{request} of a study that is only planned")


def record(found: Plan, profile: str | None = None) -> dict[str, Any]:
    """As `--json` prints it; `profile`: a line on measured prices."""
    return {
        "name": found.name,
        "unit": found.unit,
        "budget": found.budget,
        "rungs": list(found.rungs),
        "profile": profile,
        "methods": [{**r._asdict(), "space": str(r.space), "schedules": r.space.number, "shapes": list(r.shapes)} for r in found.reaches],
        "jobs": [job._asdict() for job in found.jobs],
        "evaluations": sum(job.evaluations for job in found.jobs),
        "passes": sum(job.passes for job in found.jobs),
        "seconds": found.seconds,
        "seconds_per_video": found.seconds_per_video,
    }
