"""What will be drawn of an ablation, computed by pure functions; `drawing` draws it, the tests assert on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tldr_search.ablation.result import AblationResult
from tldr_search.config.ablation import INFORMATIVENESS, SHAPE, WHERE
from tldr_search.config.budgeted import SHAPES
from tldr_search.report.ablation.rows import Row
from tldr_search.report.compare import interval
from tldr_search.report.style import INK, SKY, Style, searched_style
from tldr_search.report.words import SHAPES as SHAPE_NAMES
from tldr_search.report.words import method_name, metric_name, price_label, sentence, twin_text

APART = 0.13
"""Lines are set side by side, so that their intervals can be seen: this far, where places are 1 apart."""
TITLES = {
    WHERE: "Where tokens leave: one layer at a time",
    INFORMATIVENESS: "What tells informative tokens, pruned or merged",
    SHAPE: "Which shape: methods with known schedules at one cost",
}
X_LABELS = {WHERE: "layer that loses tokens", INFORMATIVENESS: "score that chooses the tokens", SHAPE: "shape of the schedule"}
KINDS = {"pruned": Style(INK, "X"), "merged": Style(SKY, "h")}
"""How Table 7's two kinds of removal are drawn: unlike any method, and dark and light without colour."""


class Dot(NamedTuple):
    """One variant."""

    x: float
    """Its place, as it is drawn."""
    score: float
    low: float
    high: float
    """95 % interval."""
    gflops: float


class Line(NamedTuple):
    """Variants that belong together."""

    label: str
    style: Style
    dots: tuple[Dot, ...]


class Ablation(NamedTuple):
    """Score, and where it differs cost, against what varies."""

    title: str
    subtitle: str
    x_label: str
    y_label: str
    cost_label: str
    """Of the lower panel; empty where all cost the same, and there is none."""
    ticks: tuple[tuple[float, str], ...]
    """Where each place is, and its name."""
    lines: tuple[Line, ...]
    joined: bool
    """Dots of a line are joined: places have an order."""
    base: Dot
    """The unreduced model; its `x` means nothing."""


def picture(result: AblationResult, found: Sequence[Row]) -> Ablation:
    """Every place that any variant has, in their order; lines as they come."""
    named = list(dict.fromkeys(row.measured.line for row in found))
    places = _places(result.what, [row.measured.place for row in found])
    samples = f"{len(result.base.outcomes)} samples of {result.benchmark}/{result.split}"
    return Ablation(
        title=TITLES[result.what],
        subtitle=f"{sentence(result.asked)} {sentence(twin_text(result.model, result.cost_model))} {sentence(samples)}",
        x_label=X_LABELS[result.what],
        y_label=f"{metric_name(result.objective)} (%)",
        cost_label="" if result.what == SHAPE else price_label("gflops", result.cost_model).split(" (")[0],
        ticks=tuple((x, _tick(result.what, place)) for place, x in places.items()),
        lines=tuple(_line(result.what, index, len(named), name, places, found) for index, name in enumerate(named)),
        joined=result.what == WHERE,
        base=Dot(0, result.base.score, *interval(result.base.outcomes), result.base.gflops),
    )


def _places(what: str, named: Sequence[str]) -> dict[str, float]:
    """Place -> x; layers are where their numbers are."""
    if what == WHERE:
        return {name: float(name) for name in sorted(dict.fromkeys(named), key=int)}
    order = [name for name in SHAPES if name in named] if what == SHAPE else list(dict.fromkeys(named))
    return {name: float(x) for x, name in enumerate(order)}


def _tick(what: str, place: str) -> str:
    return SHAPE_NAMES.get(place, place) if what == SHAPE else place


def _line(what: str, index: int, count: int, name: str, places: dict[str, float], found: Sequence[Row]) -> Line:
    shift = (index - (count - 1) / 2) * APART
    own = [row for row in found if row.measured.line == name]
    dots = (Dot(places[r.measured.place] + shift, r.measured.point.score, *r.ci95, r.measured.point.gflops) for r in own)
    style = KINDS[name] if what == INFORMATIVENESS else searched_style(name, index)
    return Line(method_name(name), style, tuple(sorted(dots)))
