"""How good the fronts of a comparison are as a whole: hypervolumes and knees, averaged as scores are. Pure functions of `Run`s."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from tldr_search.report.pictures.marks import shape_name
from tldr_search.report.quality import Hypervolume, hypervolumes, knee
from tldr_search.report.several.runs import Run
from tldr_search.report.words import amount_text, method_name
from tldr_search.study.result import Point, Result

NO_KNEE = "none"


class Knee(NamedTuple):
    """Where the front of one run bends."""

    run: str
    seed: int
    point: Point | None
    """None for a front that doesn't bend."""
    text: str
    """`ToMe at 180 GFLOPs`; `none`."""


def areas(runs: Sequence[Run]) -> tuple[Hypervolume, ...]:
    """Of each method: of one run with its 95 % interval over videos; of several the mean, with the lowest and the highest."""
    found = [hypervolumes(run.result) for run in runs]
    if len(found) == 1:
        return found[0]
    names = dict.fromkeys((area.method, area.searched) for run in found for area in run)
    return tuple(_mean([a for run in found for a in run if (a.method, a.searched) == name]) for name in names)


def knees(runs: Sequence[Run]) -> tuple[Knee, ...]:
    """Run by run: knees can't be averaged."""
    found = [(run, knee(run.result)) for run in runs]
    return tuple(Knee(run.label, run.result.seed, point, _knee_text(run.result, point)) for run, point in found)


def knees_text(found: Sequence[Knee]) -> str:
    """`ToMe at 180 GFLOPs`; of several runs, with the seeds that agree: `ToMe at 180 GFLOPs (seeds 1, 3); none (seed 2)`."""
    if len(found) == 1:
        return found[0].text
    texts = {text: [knee.seed for knee in found if knee.text == text] for text in dict.fromkeys(knee.text for knee in found)}
    return "; ".join(f"{text} (seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))})" for text, seeds in texts.items())


def _mean(own: list[Hypervolume]) -> Hypervolume:
    values = [area.percent for area in own]
    return own[0]._replace(percent=fmean(values), low=min(values), high=max(values))


def _knee_text(result: Result, point: Point | None) -> str:
    if point is None:
        return NO_KNEE
    shape = "" if point in result.winners else f", {shape_name(point.origin)}"
    return f"{method_name(point.method)} at {amount_text(point.budget, result.unit)}{shape}"
