"""What will be drawn of an ablation, computed by pure functions; `drawing` draws it, the tests assert on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tldr_search.ablation.result import AblationResult
from tldr_search.config.ablation import INFORMATIVENESS, SHAPE, WHERE
from tldr_search.report.ablation.rows import Row
from tldr_search.report.compare import interval
from tldr_search.report.style import INK, SKY, Style, searched_styles
from tldr_search.report.words import SHAPES as SHAPE_NAMES
from tldr_search.report.words import method_name, metric_name, price_label, samples_text, sentence, twin_text

APART = 0.13
"""Lines are set side by side, so that their intervals can be seen: this far, where places are 1 apart."""
TITLES = {
    WHERE: "Where tokens leave: one layer at a time",
    INFORMATIVENESS: "What tells which tokens are informative; pruned or merged",
    SHAPE: "Which shape: methods with known schedules at one cost",
}
MISSING = "no such schedule at this cost, or the same one as of another shape"
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
    missing: tuple[float, ...]
    """Places, as they are drawn, where others have a variant and it has none."""


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
    missing_label: str
    """Why a line has nothing at some place; empty where every line has all, and where what is missing needs no word."""
    joined: bool
    """Dots of a line are joined: places have an order."""
    base: Dot
    """The unreduced model; its `x` means nothing."""


def picture(result: AblationResult, found: Sequence[Row]) -> Ablation:
    """Every place that any variant has, in their order; lines as they come."""
    named = list(dict.fromkeys(row.measured.line for row in found))
    styles = {name: KINDS[name] for name in named} if result.what == INFORMATIVENESS else searched_styles(named)
    places = _places(result.what, [row.measured.place for row in found])
    samples = f"{samples_text(result.num_samples, result.num_videos)} of the {result.split} split of {result.benchmark}"
    lines = tuple(_line(name, style, APART * (i - (len(styles) - 1) / 2), places, found) for i, (name, style) in enumerate(styles.items()))
    return Ablation(
        title=TITLES[result.what],
        subtitle=f"{sentence(result.asked)} {sentence(twin_text(result.model, result.cost_model))} {sentence(samples)}",
        x_label=X_LABELS[result.what],
        y_label=f"{metric_name(result.objective)} (%)",
        cost_label="" if result.what == SHAPE else f"{price_label('gflops', result.cost_model).split(' (')[0]},\n% of unreduced",
        ticks=tuple((x, _tick(result.what, place)) for place, x in places.items()),
        lines=lines,
        missing_label=MISSING if result.what == SHAPE and any(line.missing for line in lines) else "",
        joined=result.what == WHERE,
        base=Dot(0, result.base.score, *interval(result.base.sampled), result.base.gflops),
    )


def _places(what: str, named: Sequence[str]) -> dict[str, float]:
    """Place -> x; layers are where their numbers are."""
    if what == WHERE:
        return {name: float(name) for name in sorted(dict.fromkeys(named), key=int)}
    order = [name for name in SHAPE_NAMES if name in named] if what == SHAPE else list(dict.fromkeys(named))
    return {name: float(x) for x, name in enumerate(order)}


def _tick(what: str, place: str) -> str:
    return SHAPE_NAMES.get(place, place) if what == SHAPE else place


def _line(name: str, style: Style, shift: float, places: dict[str, float], found: Sequence[Row]) -> Line:
    own = [row for row in found if row.measured.line == name]
    missing = sorted(x + shift for place, x in places.items() if place not in {row.measured.place for row in own})
    dots = (Dot(places[r.measured.place] + shift, r.measured.point.score, *r.ci95, r.measured.point.gflops) for r in own)
    return Line(method_name(name), style, tuple(sorted(dots)), tuple(missing))
