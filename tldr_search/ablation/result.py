"""What an ablation leaves: one JSON file from which its table and its picture are made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tldr_search.study.result import Point

FORMAT = "ablation 1"
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
    """Wall time of all evaluations."""
    versions: Mapping[str, str]
    """Of the software that took part."""


def save(result: AblationResult, path: Path) -> None:
    """Writes `result` as JSON, whole or not at all."""
    fields = dataclasses.asdict(result)
    fields["variants"] = [{"line": v.line, "place": v.place, "point": dataclasses.asdict(v.point)} for v in result.variants]
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"format": FORMAT, **fields}, indent=1))
    partial.replace(path)


def load(path: Path) -> AblationResult:
    """Reads what `save` wrote; `ValueError` for anything else."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
        found = fields.pop("format")
        result = _result(fields) if found == FORMAT else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no result of an ablation, or a damaged one ({type(error).__name__}: {error})") from error
    if result is None:
        raise ValueError(f"{path} was written by another version of tldr_search (format {found!r}); {FORMAT!r} would be accepted")
    return result


def _result(fields: dict[str, Any]) -> AblationResult:
    variants = tuple(Measured(v["line"], v["place"], _point(v["point"])) for v in fields["variants"])
    return AblationResult(**{**fields, "base": _point(fields["base"]), "variants": variants, "left_out": tuple(fields["left_out"])})


def _point(fields: dict[str, Any]) -> Point:
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    return Point(**plain)
