"""What a study leaves: one JSON file from which every table and picture is made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tldr_search import records
from tldr_search.cost.budget import UNITS
from tldr_search.files import write_whole
from tldr_search.scores import Outcomes

FORMAT = 5
"""Version of the file; a reader refuses others."""
TOLERANCE = 1e-6
"""Of what is a rate by rounding."""


@dataclass(frozen=True)
class Point:
    """One schedule, what it costs and what it scored on one split."""

    method: str
    """Method, or `none` for the unreduced model."""
    schedule: tuple[int, ...]
    """In the counts of the cost model, as `--schedule` takes them."""
    evaluated: tuple[int, ...]
    """In the counts of the evaluated model."""
    gflops: float
    """Per clip, counted on the cost model."""
    budget: float
    """The rung that it lies on, in the unit of the study; the base price for the unreduced model."""
    origin: str
    """Where it came from: `base`, the name of a known shape, `neighbour`, `sampler`, or another word of the search."""
    score: float
    """The objective in per cent."""
    metrics: Mapping[str, float]
    """Every metric of the task."""
    outcomes: tuple[float, ...]
    """Per video, the mean over its samples, in [0, 1]."""
    seconds: float
    """Wall time of the evaluation."""
    price: float
    """What it costs in the unit of the study; `gflops` itself where that is the unit."""
    num_videos: int
    """Videos that were computed for it."""
    part: float = 1.0
    """Share of the split's videos that it was measured on; below 1 for a trial that was stopped early: its score compares with no other."""
    counts: tuple[int, ...] = ()
    """Samples (captions, questions) of each video; empty where each has one."""

    @property
    def sampled(self) -> Outcomes:
        """What its interval and its differences are computed from."""
        return Outcomes(self.outcomes, self.counts)

    @property
    def num_samples(self) -> int:
        """Over all videos."""
        return self.sampled.num_samples


@dataclass(frozen=True)
class Result:
    """A finished study."""

    name: str
    """Name of the run."""
    model: str
    """The model that was evaluated."""
    cost_model: str
    """The model whose GFLOPs are counted; another name than `model` for a cost twin."""
    overrides: Mapping[str, int]
    """Fields of the cost model's architecture that are not those of its row: `frames`, `num_classes`."""
    evaluated_overrides: Mapping[str, int]
    """Likewise of the model that was evaluated."""
    checkpoint: str | None
    """Weights of `model`; None for those in the package."""
    benchmark: str
    """Benchmark that was evaluated."""
    task: str
    """What kind of measurement it is: `retrieval`, `classification`, ..."""
    objective: str
    """Metric that is the score."""
    budget: float
    """What was asked for, in `unit`."""
    unit: str
    """Of `budget` and of every point's budget and price: `gflops`, `ms` or `mib`."""
    constraints: Mapping[str, object]
    """What the shape of a schedule was held to, as asked for: `first_layers`, `non_increasing`, `multiple_of`; only those that bind."""
    search_split: str
    """Split on which schedules were chosen."""
    report_split: str
    """Split on which the winners were measured again."""
    same_split: bool
    """The search saw the report split, because the user said so: the scores are too good."""
    base_search: Point
    """The unreduced model on the search split."""
    base: Point
    """The unreduced model on the report split."""
    probes: tuple[Point, ...]
    """One layer (stage) alone loses tokens, by method and layer; the score is the fidelity, on the first `part` of the search split."""
    trials: tuple[Point, ...]
    """Every schedule that was tried, on the search split; `part` tells those that were stopped early."""
    winners: tuple[Point, ...]
    """The best schedule of each method at each rung, on the report split."""
    baselines: tuple[Point, ...]
    """Schedules that were not searched (random dropping, say), on the report split."""
    known: tuple[Point, ...]
    """Known shapes on the report split, `origin` naming the shape: constant r at every rung, the published ones at the budget."""
    notes: tuple[str, ...]
    """What was left out, stopped early or taken over, in sentences."""
    seed: int
    """Seed of the search."""
    command: str
    """What to type to repeat it."""
    versions: Mapping[str, str]
    """Versions of the software that took part."""
    seconds: float
    """The seconds of all evaluations, of all workers and sessions: computing time, which several workers spend at once."""

    @property
    def num_samples(self) -> int:
        """Of the report split."""
        return self.base.sampled.num_samples

    @property
    def num_videos(self) -> int:
        """Of the report split, those that have samples."""
        return self.base.sampled.num_videos

    @property
    def search_samples(self) -> int:
        """Of the search split."""
        return self.base_search.sampled.num_samples

    @property
    def search_videos(self) -> int:
        """Of the search split, those that have samples."""
        return self.base_search.sampled.num_videos


def save(result: Result, path: Path) -> None:
    """Writes `result` as JSON, whole or not at all."""
    write_whole(path, json.dumps({"format": FORMAT, **dataclasses.asdict(result)}, indent=1))


def load(path: Path) -> Result:
    """Reads what `save` wrote; `ValueError` for another format, or for a file that is damaged or something else."""
    return records.load(Result, path, FORMAT, _check, "a study")


def check_point(point: Point, name: str, whole: Point) -> None:
    """`ValueError` for what no measurement says; `whole` is the unreduced model's: one that was stopped early has fewer videos."""
    if min((*point.schedule, *point.evaluated), default=0) < 0:
        raise ValueError(f"{name}: tokens removed {min((*point.schedule, *point.evaluated))}; numbers from 0 would be accepted")
    if min(point.gflops, point.price) < 0 or (point.method == "none" and 0 in (point.gflops, point.price)):
        raise ValueError(f"{name}: {point.gflops:g} GFLOPs, price {point.price:g}; what costs something would be accepted")
    if not -TOLERANCE <= point.score <= 100 + TOLERANCE:
        raise ValueError(f"{name}: score {point.score:g}; 0 to 100 would be accepted")
    if not 0 < point.part <= 1:
        raise ValueError(f"{name}: part {point.part:g}; a share of the split would be accepted")
    _check_outcomes(point, name, whole)


def _check_outcomes(point: Point, name: str, whole: Point) -> None:
    """`ValueError` for outcomes and counts that no measurement has, or that are not of the videos of their split."""
    most, complete = len(whole.outcomes), point.part == 1
    if not point.outcomes or len(point.outcomes) > most or (complete and len(point.outcomes) != most):
        raise ValueError(f"{name}: {len(point.outcomes)} outcomes; one for each of {max(most, 1)} videos would be accepted")
    if min(point.outcomes) < -TOLERANCE or max(point.outcomes) > 1 + TOLERANCE:
        raise ValueError(f"{name}: outcomes from {min(point.outcomes):g} to {max(point.outcomes):g}; 0 to 1 would be accepted")
    if len(point.counts) not in (0, len(point.outcomes)):
        raise ValueError(f"{name}: {len(point.counts)} counts of {len(point.outcomes)} outcomes; one for each would be accepted")
    if min(point.counts, default=1) < 1:
        raise ValueError(f"{name}: a count of {min(point.counts)}; samples from 1 would be accepted")
    if complete and point.counts != whole.counts:
        raise ValueError(f"{name}: counts of other samples than those of the unreduced model; the same would be accepted")


def _check(result: Result) -> None:
    """`ValueError` for parts that no study finds, or that do not belong together."""
    if result.unit not in UNITS:
        raise ValueError(f"unit {result.unit!r}; one of {', '.join(UNITS)} would be accepted")
    for name in ("base", "base_search", "winners", "baselines", "known", "trials", "probes"):
        found = getattr(result, name)
        whole = result.base_search if name in ("base_search", "trials", "probes") else result.base
        for index, point in enumerate((found,) if isinstance(found, Point) else found):
            check_point(point, name if isinstance(found, Point) else f"{name}[{index}]", whole)
    for index, probe in enumerate(result.probes):
        if sum(map(bool, probe.schedule)) != 1:
            raise ValueError(f"probes[{index}]: schedule {probe.schedule}; tokens that leave in one place alone would be accepted")
    if {result.base.method, result.base_search.method} != {"none"}:
        raise ValueError(f"base: method {result.base.method!r}, {result.base_search.method!r}; 'none' would be accepted")
