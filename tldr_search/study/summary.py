"""What can be said of a study: how far it is, what lies out of reach, and in the end its result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tldr_search.backbones.architectures import overrides
from tldr_search.cost import UNITS
from tldr_search.schedule import Schedule
from tldr_search.study.budget import OnBudget
from tldr_search.study.ground import Ground
from tldr_search.study.placed import Placed, place, placed, shaped
from tldr_search.study.progress import Effort, Status, seconds_left
from tldr_search.study.result import Point, Result
from tldr_search.study.search import WHOLE, point, winner
from tldr_search.study.work import Work


def result(work: Work, command: str, versions: Mapping[str, str], same_split: bool) -> Result:
    """Of a study that is finished."""
    config = work.config
    base_search, base = (point("none", work.base, work.base.price, "base", work.measurements.get(w)) for w in work.bases)
    searches = [work.searches[pair] for pair in work.pairs]
    return Result(
        name=config.name,
        model=config.model,
        cost_model=config.costs,
        overrides=overrides(config.counted),
        evaluated_overrides=overrides(config.evaluated),
        checkpoint=config.checkpoint,
        benchmark=config.benchmark,
        task=config.measures,
        objective=config.objective,
        budget=work.budget,
        unit=config.unit,
        constraints=config.shape.binding,
        search_split=config.search_split,
        report_split=config.report_split,
        same_split=same_split,
        base_search=base_search,
        base=base,
        probes=tuple(_probe(work, method, schedule) for method in work.methods for schedule in sorted(work.probes(method), reverse=True)),
        trials=tuple(p for search in searches for p in search.points()),
        winners=_points(work, map(placed, work.winners)),
        baselines=_points(work, work.baseline_places),
        known=_points(work, work.known_places),
        notes=(*left_out(work), *_probed(work), *endings(work)),
        seed=config.seed,
        command=command,
        versions=versions,
        seconds=sum(effort.seconds for effort in _efforts(work)[0]),
    )


def _points(work: Work, places: Iterable[Placed]) -> tuple[Point, ...]:
    return tuple(point(p.method, p.on_budget, p.budget, p.origin, work.measurements.get(work.again(p))) for p in places)


def _probe(work: Work, method: str, schedule: Schedule) -> Point:
    ground, wanted = work.grounds[method], work.probes(method)[schedule]
    price = ground.price(schedule)
    on_budget = OnBudget(schedule, wanted.request.schedule, ground.cost(schedule).gflops, price)
    return point(method, on_budget, price, "probe", work.measurements.get(wanted), wanted.request.part)


def left_out(work: Work) -> list[str]:
    """What was asked for, but lies out of reach, in words."""
    lines = []
    for method, ground in work.grounds.items():
        beyond = [budget for budget in work.rungs if not ground.reaches(budget)]
        lines += [f"{method}: {_words(budget, ground)} left out; it costs at least {ground.least:.1f}" for budget in beyond]
    for ground, budget, name in dict.fromkeys((*work.baseline_shapes, *work.known_shapes)):
        if place(ground, budget, name) is None:
            lines.append(f"{shaped(ground.method.spec, name)} does not reach {_words(budget, ground)}")
    return lines


def _probed(work: Work) -> list[str]:
    found = [work.measurements.get(wanted) for method in work.methods for wanted in work.probes(method).values()]
    if not found:
        return []
    passes = sum(evaluation.num_videos for evaluation in found) / work.measurements.get(work.bases[0]).num_videos
    return [f"{len(found)} probes of single layers took {passes:.1f} passes over the videos of the {work.config.search_split} split"]


def endings(work: Work) -> list[str]:
    """Searches that ended before their trials were done, in words."""
    return [ending for pair in work.pairs if (ending := work.searches[pair].ending)]


def _words(budget: float, ground: Ground) -> str:
    return f"{budget:.1f} {UNITS[ground.unit]}"


def status(work: Work, workers: int = 1) -> Status:
    """How far the whole study is, whoever works on it; `workers` share what is to come."""
    done, to_come = _efforts(work)
    return Status(len(done), len(done) + len(to_come), _best(work), seconds_left(done, to_come, workers))


def _efforts(work: Work) -> tuple[list[Effort], list[Effort]]:
    """What is done, and what is to come."""
    groups = (work.bases, *(work.probes(m).values() for m in work.methods), work.on_report)
    wanted = {w.key: w for group in groups for w in group}
    found = {key: work.measurements.find(w) for key, w in wanted.items()}
    done = [wanted[key].effort._replace(seconds=made.seconds) for key, made in found.items() if made]
    to_come = [wanted[key].effort for key, made in found.items() if not made]
    for pair in work.pairs:
        search = work.searches.get(pair)
        efforts = search.efforts if search else []
        done += efforts
        if not work.is_searched(pair):
            gflops = work.base.gflops * pair[1] / work.base.price
            to_come += [Effort(work.config.search_split, gflops)] * (work.trials(pair) - len(efforts))
            to_come.append(Effort(work.config.report_split, gflops))
    return done, to_come


def _best(work: Work) -> Point | None:
    """At the budget asked for, on the search split, of any method."""
    asked = [search.points() for (_, budget), search in work.searches.items() if budget == work.budget]
    whole = [p for points in asked for p in points if p.part == WHOLE]
    return winner(whole) if whole else None
