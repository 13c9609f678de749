"""What an ablation leaves: one JSON file from which its table and its picture are made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tldr_search import records
from tldr_search.config.ablation import WHATS
from tldr_search.files import write_whole
from tldr_search.study.result import Point, check_point

RESULT = "ablation.json"
FORMAT = "ablation 2"
"""A reader refuses others."""


class Measured(NamedTuple):
    """One variant."""

    line: str
    """As in `Variant`."""
    place: str
    """As in `Variant`."""
    point: Point
    """What it costs and scored; its `origin` is the name of the variant."""


@dataclass(frozen=True)
class AblationResult:
    """A finished ablation."""

    what: str
    """`where`, `informativeness` or `shape`."""
    model: str
    """The model that was evaluated."""
    cost_model: str
    """The model whose GFLOPs are counted."""
    benchmark: str
    task: str
    split: str
    objective: str
    """Metric that is the score."""
    asked: str
    """What the variants have in common, in words."""
    base: Point
    """The unreduced model."""
    variants: tuple[Measured, ...]
    left_out: tuple[str, ...]
    """What was impossible, a line each."""
    command: str
    """What to type to repeat it."""
    seconds: float
    """Of all evaluations."""
    versions: Mapping[str, str]
    """Of the software that took part."""

    @property
    def num_samples(self) -> int:
        """Of the split."""
        return self.base.sampled.num_samples

    @property
    def num_videos(self) -> int:
        """Of the split, those that have samples."""
        return self.base.sampled.num_videos


def save(result: AblationResult, path: Path) -> None:
    """Writes `result` as JSON, whole or not at all."""
    fields = dataclasses.asdict(result)
    fields["variants"] = [{"line": v.line, "place": v.place, "point": dataclasses.asdict(v.point)} for v in result.variants]
    write_whole(path, json.dumps({"format": FORMAT, **fields}, indent=1))


def load(path: Path) -> AblationResult:
    """Reads what `save` wrote; `ValueError` for another format, or for a file that is damaged or something else."""
    return records.load(AblationResult, path, FORMAT, _check, "an ablation")


def _check(result: AblationResult) -> None:
    """`ValueError` for parts that no ablation finds, or that do not belong together."""
    if result.what not in WHATS:
        raise ValueError(f"what {result.what!r}; one of {', '.join(WHATS)} would be accepted")
    if not result.variants:
        raise ValueError("variants: none; one at least would be accepted")
    check_point(result.base, "base", result.base)
    for index, variant in enumerate(result.variants):
        check_point(variant.point, f"variants[{index}].point", result.base)
