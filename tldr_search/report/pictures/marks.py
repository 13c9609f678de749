"""What a reader could ask of a mark in a picture, by the identifier that the mark has in the SVG."""

from __future__ import annotations

from typing import NamedTuple

from tldr_search.report.rows import CONSTANT, Row
from tldr_search.report.style import Style
from tldr_search.report.words import SHAPES, method_name, schedule_text
from tldr_search.study.result import Point

BASE = "base-dot"
BASE_BAND = "base-band"
BUDGET = "budget"
KNEE = "knee"


class Legend(NamedTuple):
    """One method of a picture."""

    label: str
    style: Style
    searched: bool
    """False for a baseline, which is drawn dashed."""
    method: str


class Mark(NamedTuple):
    """One schedule, as text beside the pointer tells of it."""

    method: str
    role: str
    """`winner`, `baseline`, `known`, `trial`, `base`, `published` or `knee`."""
    label: str
    """What it is, in words."""
    schedule_text: str
    """As `--schedule` takes it; empty where nothing leaves or where the schedule isn't known."""
    price: float
    """In the unit of the study."""
    gflops: float
    """Per clip."""
    score: float
    """In per cent."""
    low: float | None
    """Lower end of its 95 % interval; None where there is none."""
    high: float | None
    """Upper end, likewise."""
    split: str
    """Where it was measured; empty for what wasn't measured here."""
    origin: str
    """Of the schedule, as in the result; the source of what is published."""
    num_samples: int
    """Samples of its score; 0 for what wasn't measured here."""
    shapes: tuple[str, ...] = ()
    """Known shapes that the schedule is, by origin; without one that the label names."""
    note: str = ""
    """What one should know of what is published."""


def mark_id(index: int, kind: str, number: int | None = None) -> str:
    """Identifier of a mark of the `index`-th method: `m0-line`, `m0-dot-3`."""
    return f"m{index}-{kind}" if number is None else f"m{index}-{kind}-{number}"


def published_id(number: int) -> str:
    """Identifier of a published point."""
    return f"published-{number}"


def row_mark(row: Row, split: str) -> Mark:
    """Of a schedule on the report split."""
    mark = point_mark(row.point, row.role, split)
    named = row.role == "known" or (row.role == "baseline" and row.point.origin == CONSTANT)
    shapes = tuple(shape for shape in row.shapes if not (named and shape == row.point.origin))
    return mark._replace(low=row.ci95[0], high=row.ci95[1], shapes=shapes)


def point_mark(point: Point, role: str, split: str) -> Mark:
    """Of any schedule, without an interval."""
    text = schedule_text(point.schedule) if point.schedule else ""
    price, gflops, score = point.price, point.gflops, point.score
    label, samples = _label(point, role, split), point.num_samples
    shapes = (point.origin,) if point.origin in SHAPES else ()
    return Mark(point.method, role, label, text, price, gflops, score, None, None, split, point.origin, samples, shapes)


def shape_name(origin: str) -> str:
    """A known shape in words."""
    return SHAPES.get(origin, origin)


def _label(point: Point, role: str, split: str) -> str:
    name = method_name(point.method)
    what = {"known": f", {shape_name(point.origin)}", "trial": f", trial on the {split} split", "baseline": ", not searched"}
    if role == "baseline" and point.origin == CONSTANT:
        return f"{name}, constant r"
    return name + what.get(role, "")
