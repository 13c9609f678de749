"""What a study would do, without doing it: what can be reached, how many schedules there are, how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tldr_search.config import OBJECTIVES, SHAPES, StudyConfig
from tldr_search.reducers import get_method
from tldr_search.scores import Measure, Request
from tldr_search.study.ground import Ground
from tldr_search.study.placed import place
from tldr_search.study.sensitivity import PART, probes
from tldr_search.study.size import Size, size

CONSTANT = "constant"
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
    jobs = tuple(_jobs(config, grounds, budget, rungs))
    reaches = tuple(_reach(ground, budget, config.seed) for ground in searched)
    return Plan(config.name, config.unit, budget, rungs, reaches, jobs, None if known is None else _seconds(jobs, known))


def _seconds(jobs: tuple[Job, ...], known: Speed) -> float:
    return sum(job.reduced * known.num_videos[job.split] for job in jobs) * known.seconds_per_video


def _reach(ground: Ground, budget: float, seed: int) -> Reach:
    space = size(ground, budget, seed) if ground.reaches(budget) else Size(0, 0.0)
    shapes = tuple(name for name in SHAPES if ground.reaches(budget) and place(ground, budget, name))
    return Reach(ground.method.spec, sum(ground.acts), ground.least, ground.base, space, shapes)


def _jobs(config: StudyConfig, grounds: Mapping[str, Ground], budget: float, rungs: tuple[float, ...]) -> Iterator[Job]:
    search, report = config.splits
    methods, baselines = ([grounds[get_method(name).spec] for name in names] for names in (config.methods, config.baselines))
    base = methods[0].cost.base
    pairs = [(ground, rung) for ground in methods for rung in rungs if ground.reaches(rung)]
    yield Job("unreduced", search, 1, 1, 1)
    if config.probes:
        costs = [
            ground.cost(probe.schedule).gflops / base for ground in dict.fromkeys(ground for ground, _ in pairs) for probe in probes(ground)
        ]
        yield Job("probes", search, len(costs), PART * len(costs), PART * sum(costs))
    trials = [(_relative(ground, rung), config.trials if rung == budget else config.rung_trials) for ground, rung in pairs]
    count = sum(number for _, number in trials)
    yield Job("trials", search, count, count, sum(cost * number for cost, number in trials))
    yield Job("unreduced", report, 1, 1, 1)
    yield Job("winners", report, len(pairs), len(pairs), sum(cost for cost, _ in trials))
    yield _placed("baselines", report, [(g, rung, config.baseline_shape) for g in baselines for rung in rungs])
    if config.known_shapes:
        others = [(ground, rung, CONSTANT) for ground in methods for rung in rungs if rung != budget]
        yield _placed("known shapes", report, others + [(g, budget, name) for g in (*methods, *baselines) for name in SHAPES])


def _placed(what: str, split: str, wanted: list[tuple[Ground, float, str]]) -> Job:
    """Known shapes as far as they reach their rungs."""
    reached = (place(ground, rung, name) for ground, rung, name in wanted if ground.reaches(rung))
    costs = [found.on_budget.gflops / wanted[0][0].cost.base for found in reached if found]
    return Job(what, split, len(costs), len(costs), sum(costs))


def _relative(ground: Ground, rung: float) -> float:
    """About what a schedule on a rung counts, relative to the unreduced model: in ms and MiB as if they were GFLOPs."""
    return rung / ground.base


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
    }
