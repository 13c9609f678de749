"""Accuracy against cost: every schedule on the report split, the trials behind them, what papers print, and the knee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from tldr_search.report.pictures.marks import BASE, KNEE, Legend, Mark, mark_id, point_mark, published_id, row_mark, shape_name
from tldr_search.report.pictures.published import RINGED, Join, Printed, joins, printed
from tldr_search.report.quality import knee
from tldr_search.report.rows import Row, at_budget, methods
from tldr_search.report.style import Style, baseline_style, searched_styles
from tldr_search.report.words import SAME_SPLIT, amount_text, method_name, metric_name, price_label, twin_text
from tldr_search.study.result import Point, Result

SPREAD = 0.0066
"""Methods on one rung are drawn side by side around it, on so much of the axis in all: a share of the unreduced model's cost.

About the width of a marker: their intervals can be told apart, and no dot leaves the place where its cost is.
"""
SIDE_BY_SIDE = "methods at one cost are drawn side by side around it; all cost at most that"
KEPT = {"agreement": "Agreement", "fidelity": "Fidelity"}
"""What an objective keeps, in a word, where that is not accuracy."""


FRONT = "the front, in steps; filled: on it"
"""What the line is, and the fill of marks."""


class Dot(NamedTuple):
    """One measured schedule."""

    price: float
    """In the unit of the study."""
    score: float
    low: float
    """Lower end of the score's 95 % interval."""
    high: float
    """Upper end."""
    on_front: bool
    """Not dominated by anything that was measured on the report split."""


class Spot(NamedTuple):
    """One schedule that is drawn small, without an interval."""

    price: float
    """In the unit of the study."""
    score: float
    on_front: bool
    """Not dominated by anything that was measured on the report split; False for a trial, which wasn't measured there."""


class Line(NamedTuple):
    """All schedules of one method."""

    method: str
    label: str
    style: Style
    searched: bool
    """False for a baseline, which is drawn dashed."""
    dots: tuple[Dot, ...]
    """On the report split, by rising price; the last is the unreduced model."""
    trials: tuple[Spot, ...]
    """On the whole search split: the score of a trial that was stopped early compares with no other. Nothing for a baseline."""
    known: tuple[Spot, ...]
    """Known shapes on the report split."""
    shift: float
    """How far its dots and known shapes are moved when drawn, in the unit of the study, for legibility only; symmetric about 0."""


class Knee(NamedTuple):
    """Where the front bends."""

    price: float
    """As drawn, moved as its method is."""
    score: float
    label: str


class Pareto(NamedTuple):
    """Accuracy against cost."""

    title: str
    subtitle: str
    alt: str
    """The picture in words, with the numbers that matter."""
    x_label: str
    y_label: str
    warning: str
    """What a reader must know before anything else; empty for nothing."""
    lines: tuple[Line, ...]
    """The searched methods, then the baselines."""
    marks: Mapping[str, Mark]
    """By the identifier in the SVG, of everything that tells of a schedule."""
    trial_label: str
    known_label: str
    """Empty where no known shape was measured."""
    spread_label: str
    """Empty for one method alone, which stays where it is."""
    base: Dot
    base_label: str
    budget: float
    budget_label: str
    printed: tuple[Printed, ...]
    """What papers print of the objective."""
    joins: tuple[Join, ...]
    ringed: str
    """What the rings around them say; empty where nothing is printed."""
    knee: Knee | None

    @property
    def front(self) -> tuple[tuple[float, float], ...]:
        """(price as drawn, best score at it or less) at everything on the front, by rising price, and at the unreduced model's cost."""
        spots = [(dot.price + line.shift, dot.score) for line in self.lines for dot in line.dots[:-1] if dot.on_front]
        spots += [(spot.price + line.shift, spot.score) for line in self.lines for spot in line.known if spot.on_front]
        spots += [(self.base.price, self.base.score)] * self.base.on_front
        prices, scores = zip(*sorted(spots), strict=True)
        best = tuple(accumulate(scores, max))
        return (*zip(prices, best, strict=True), (self.base.price, best[-1]))

    @property
    def methods(self) -> tuple[Legend, ...]:
        """In the order of drawing: the i-th has the marks `m{i}-...`."""
        return tuple(Legend(line.label, line.style, line.searched, line.method) for line in self.lines)


def pareto(result: Result, rows: Sequence[Row]) -> Pareto:
    """Winners as lines up to the unreduced model, baselines likewise, trials and known shapes beside them."""
    base_row = next(r for r in rows if r.role == "base")
    lines, values, bend = _lines(result, rows, _dot(base_row)), printed(result, result.objective), knee(result)
    return Pareto(
        title=f"{KEPT.get(result.objective, 'Accuracy')} kept as the cost goes down",
        subtitle="" if result.model == result.cost_model else twin_text(result.model, result.cost_model, result.unit),
        alt=_alt(result, rows, bend),
        x_label=price_label(result.unit, result.cost_model),
        y_label=f"{metric_name(result.objective)} (%), {result.report_split} split",
        warning=SAME_SPLIT if result.same_split else "",
        lines=lines,
        marks=dict(_marks(result, rows, lines, values, bend)),
        trial_label=f"trials on the {result.search_split} split (for choosing, not claimed)",
        known_label="known shapes (constant r, published), filled if on the front" if result.known else "",
        spread_label=SIDE_BY_SIDE if len(lines) > 1 else "",
        base=_dot(base_row),
        base_label="unreduced model",
        budget=result.budget,
        budget_label=f"budget {amount_text(result.budget, result.unit)}",
        printed=values,
        joins=joins(values),
        ringed=RINGED if values else "",
        knee=None if bend is None else Knee(bend.price + _shift_of(lines, bend.method), bend.score, f"knee: {_knee_text(result, bend)}"),
    )


def _lines(result: Result, rows: Sequence[Row], base: Dot) -> tuple[Line, ...]:
    searched, others = methods(result.winners), methods(result.baselines)
    roles = [("winner", m, style) for m, style in searched_styles(searched).items()]
    roles += [("baseline", m, baseline_style(i)) for i, m in enumerate(others)]
    lines = []
    for index, (role, method, drawn) in enumerate(roles):
        dots = [_dot(r) for r in _rows(rows, role, method)]
        trials = tuple(Spot(p.price, p.score, False) for p in _trials(result, role, method))
        known = tuple(Spot(r.point.price, r.point.score, r.on_front) for r in _known(rows, role, method, searched))
        shift = SPREAD * result.base.price * (index / (len(roles) - 1) - 0.5) if len(roles) > 1 else 0.0
        lines.append(Line(method, _name(role, method), drawn, role == "winner", (*dots, base), trials, known, shift))
    return tuple(lines)


def _name(role: str, method: str) -> str:
    return method_name(method) if role == "winner" or method == "random" else f"{method_name(method)}, not searched"


def _rows(rows: Sequence[Row], role: str, method: str) -> list[Row]:
    """By rising price."""
    return sorted((r for r in rows if r.role == role and r.point.method == method), key=lambda r: r.point.price)


def _known(rows: Sequence[Row], role: str, method: str, searched: Sequence[str]) -> list[Row]:
    """Beside the method's own line: of a baseline that is searched, too, beside the searched one."""
    return [] if role == "baseline" and method in searched else _rows(rows, "known", method)


def _trials(result: Result, role: str, method: str) -> list[Point]:
    return [t for t in result.trials if role == "winner" and t.method == method and t.part == 1]


def _shift_of(lines: Sequence[Line], method: str) -> float:
    return next((line.shift for line in lines if line.method == method), 0.0)


def _marks(
    result: Result, rows: Sequence[Row], lines: Sequence[Line], values: Sequence[Printed], bend: Point | None
) -> Iterator[tuple[str, Mark]]:
    """In the order of lines: dots by rising price, then trials, then known shapes."""
    searched = methods(result.winners)
    for index, line in enumerate(lines):
        role = "winner" if line.searched else "baseline"
        for number, row in enumerate(_rows(rows, role, line.method)):
            yield mark_id(index, "dot", number), row_mark(row, result.report_split)
        for number, trial in enumerate(_trials(result, role, line.method)):
            yield mark_id(index, "trial", number), point_mark(trial, "trial", result.search_split)
        for number, row in enumerate(_known(rows, role, line.method, searched)):
            yield mark_id(index, "known", number), row_mark(row, result.report_split)
    yield BASE, row_mark(rows[0], result.report_split)
    for number, value in enumerate(values):
        yield published_id(number), _printed_mark(value)
    if bend is not None:
        row = next(r for r in rows if r.point == bend)
        yield KNEE, row_mark(row, result.report_split)._replace(role="knee", label=f"knee: {_knee_text(result, bend)}")


def _printed_mark(value: Printed) -> Mark:
    at = value.gflops, value.gflops, value.score
    return Mark(value.method, "published", value.legend, "", *at, None, None, "", value.source, 0, note=value.note)


def _knee_text(result: Result, bend: Point) -> str:
    shape = "" if bend in result.winners else f", {shape_name(bend.origin)}"
    return f"{method_name(bend.method)} at {amount_text(bend.budget, result.unit)}{shape}"


def _alt(result: Result, rows: Sequence[Row], bend: Point | None) -> str:
    name = metric_name(result.objective)
    base = f"{result.base.score:.1f} % at {amount_text(result.base.price, result.unit)}"
    winners = "; ".join(
        f"{method_name(r.point.method)} {r.point.score:.1f} % ({r.ci95[0]:.1f} to {r.ci95[1]:.1f})" for r in at_budget(rows, result.budget)
    )
    turning = "" if bend is None else f" The front bends at {_knee_text(result, bend)} ({bend.score:.1f} %)."
    return (
        f"{name[:1].upper()}{name[1:]} on the {result.report_split} split against cost. Unreduced: {base}. "
        f"At {amount_text(result.budget, result.unit)}, with 95 % intervals: {winners}.{turning}"
    )


def _dot(row: Row) -> Dot:
    return Dot(row.point.price, row.point.score, *row.ci95, row.on_front)
