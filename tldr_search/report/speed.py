"""Speed and memory of the winners at the budget, as measured on one machine: `speed.json` of a run. Never inferred from GFLOPs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tldr_search.files import write_whole
from tldr_search.records import restored, versioned
from tldr_search.report.rows import same_rung
from tldr_search.schedule import Schedule
from tldr_search.study.result import Result

SPEED = "speed.json"
FORMAT = 1
"""Version of the file; a reader refuses others."""


@dataclass(frozen=True)
class Timed:
    """One schedule."""

    method: str
    """`none` for the unreduced model."""
    schedule: Schedule
    """In the counts of the cost model, which is what ran."""
    gflops: float
    """Per clip."""
    gflops_ratio: float
    """The unreduced model's GFLOPs over its own: the speed-up that GFLOPs promise."""
    ms: float
    """For one batch: median over the turns."""
    ms_low: float
    """Of the fastest turn."""
    ms_high: float
    """Of the slowest turn."""
    clips_per_second: float
    """Of the median."""
    peak_mib: float | None
    """Largest memory during one batch, above weights and clips; None where the system does not tell."""
    speed_up: float
    """How many times faster than the unreduced model: median of the ratios turn by turn."""


@dataclass(frozen=True)
class Speed:
    """All of them, run in turns, the unreduced model first."""

    model: str
    """What ran: the cost model, with random weights."""
    overrides: Mapping[str, int]
    """Fields of its architecture that are not those of its row."""
    device: str
    """Name of the GPU, or of the CPU with its threads."""
    torch: str
    """Version."""
    precision: str
    batch_size: int
    """Clips at a time."""
    turns: int
    """How often each was run."""
    rows: tuple[Timed, ...]


def save(speed: Speed, path: Path) -> None:
    """Writes it as JSON, whole or not at all."""
    write_whole(path, json.dumps({"format": FORMAT, **dataclasses.asdict(speed)}, indent=1) + "\n")


def load(path: Path) -> Speed:
    """Reads what `save` wrote; `ValueError` for another format, or for a file that is damaged or something else."""
    accepted = "without it, `report RUN --speed` measures again"
    try:
        found, fields = versioned(path.read_text(encoding="utf-8"))
        speed: Speed | None = restored(Speed, fields) if found == FORMAT else None
        if speed:
            _check(speed)
    except ValueError as error:
        raise ValueError(f"{path} holds no measured speeds, or damaged ones ({' '.join(str(error).split())}); {accepted}") from error
    if speed is None:
        raise ValueError(f"{path} was written by another version of tldr_search (format {found!r}); {accepted}")
    return speed


def _check(speed: Speed) -> None:
    """`ValueError` for what cannot be measured."""
    for index, row in enumerate(speed.rows):
        positive = (row.gflops, row.gflops_ratio, row.ms, row.ms_low, row.ms_high, row.clips_per_second, row.speed_up)
        if min(positive) <= 0 or (row.peak_mib or 0) < 0:
            raise ValueError(f"rows[{index}]: {min(positive):g}; measurements above 0 would be accepted")


def fits(speed: Speed, result: Result) -> bool:
    """Whether it is of the winners at the budget, each with its very schedule, and of the model whose cost was counted."""
    winners = {(p.method, p.schedule) for p in result.winners if same_rung(p.budget, result.budget)}
    measured = {(row.method, row.schedule) for row in speed.rows if row.method != "none"}
    return winners == measured and (speed.model, dict(speed.overrides)) == (result.cost_model, dict(result.overrides))
