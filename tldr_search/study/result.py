"""What a study leaves: one JSON file from which every table and picture is made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 4
"""Version of the file; a reader refuses others."""


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
    """Per sample, in [0, 1]."""
    seconds: float
    """Wall time of the evaluation."""
    price: float
    """What it costs in the unit of the study; `gflops` itself where that is the unit."""
    num_videos: int
    """Videos that were computed for it."""
    part: float = 1.0
    """Share of the split's videos that it was measured on; below 1 for a trial that was stopped early: its score compares with no other."""


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
    """Wall time over all sessions of the run."""


def save(result: Result, path: Path) -> None:
    """Writes `result` as JSON, whole or not at all."""
    text = json.dumps({"format": FORMAT, **dataclasses.asdict(result)}, indent=1)
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)


def load(path: Path) -> Result:
    """Reads what `save` wrote; `ValueError` for another format, or for a file that is damaged or something else."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
        found = fields.pop("format")
        result = _result(fields) if found == FORMAT else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise ValueError(
            f"{path} is no result of a study, or a damaged one ({why}); without it the study's command writes it again"
        ) from error
    if result is None:
        raise ValueError(f"{path} was written by another version of tldr_search (format {found!r}); format {FORMAT} would be accepted")
    return result


def _result(fields: dict[str, Any]) -> Result:
    points = {name: _point(fields[name]) for name in ("base", "base_search")}
    several = {name: tuple(_point(p) for p in fields[name]) for name in ("probes", "trials", "winners", "baselines", "known")}
    return Result(**{**fields, **points, **several, "notes": tuple(fields["notes"])})


def _point(fields: dict[str, Any]) -> Point:
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    return Point(**plain)
