"""What will be drawn, computed from a `Result` by pure functions; `plots` draws it, the tests assert on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tldr_search.report.rows import Row, at_budget, methods
from tldr_search.report.style import Style, baseline_style, searched_style
from tldr_search.report.words import SAME_SPLIT, amount_text, method_name, metric_name, price_label, schedule_text, twin_text
from tldr_search.study.result import Point, Result

SPREAD = 0.004
"""Methods on one rung are drawn this far apart, as a share of the unreduced model's cost, so that their intervals can be seen.

All move to the left, since a dot to the right of the budget would look like one above it.
"""
KEPT = {"agreement": "Agreement", "fidelity": "Fidelity"}
"""What an objective keeps, in a word, where that is not accuracy."""
STRONG = 0.7
"""Cells of the heat map above this share of the largest one are dark and have light text."""


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


class Line(NamedTuple):
    """All schedules of one method on the report split, by rising price."""

    method: str
    label: str
    style: Style
    searched: bool
    """False for a baseline, which is drawn dashed."""
    dots: tuple[Dot, ...]
    shift: float
    """How far its dots are moved when drawn, in the unit of the study, for legibility only; negative."""


class Cloud(NamedTuple):
    """Many schedules of one method, drawn small."""

    method: str
    style: Style
    prices: tuple[float, ...]
    scores: tuple[float, ...]
    shift: float = 0.0
    """As that of a line."""


class Pareto(NamedTuple):
    """Accuracy against cost."""

    title: str
    subtitle: str
    x_label: str
    y_label: str
    warning: str
    """What a reader must know before anything else; empty for nothing."""
    lines: tuple[Line, ...]
    clouds: tuple[Cloud, ...]
    """Finished trials on the search split: the score of one that was stopped early compares with no other."""
    cloud_label: str
    known: tuple[Cloud, ...]
    """Known shapes on the report split."""
    known_label: str
    spread_label: str
    base: Dot
    base_label: str
    budget: float
    budget_label: str


class HeatRow(NamedTuple):
    """One schedule, layer by layer."""

    method: str
    label: str
    schedule: str
    """As `--schedule` takes it, in the cost model's counts."""
    shares: tuple[float, ...]
    """Tokens removed in each layer, in per cent of all tokens of a clip."""

    @property
    def total(self) -> float:
        """Per cent of all tokens that are gone after the last layer."""
        return sum(self.shares)


class Heat(NamedTuple):
    """Where the schedules at the budget remove tokens."""

    title: str
    subtitle: str
    rows: tuple[HeatRow, ...]
    layers: int

    @property
    def most(self) -> float:
        """The largest share, which has the darkest cell; 1 if nothing is removed."""
        return max((s for row in self.rows for s in row.shares), default=0.0) or 1.0


def pareto(result: Result, rows: Sequence[Row]) -> Pareto:
    """Winners as lines up to the unreduced model, baselines likewise, trials and known shapes as clouds."""
    base = next(_dot(r) for r in rows if r.role == "base")
    metric = metric_name(result.objective)
    return Pareto(
        title=f"{KEPT.get(result.objective, 'Accuracy')} kept as the cost goes down",
        subtitle="" if result.model == result.cost_model else twin_text(result.model, result.cost_model),
        x_label=price_label(result.unit, result.cost_model),
        y_label=f"{metric} (%), {result.report_split} split",
        warning=SAME_SPLIT if result.same_split else "",
        lines=_lines(result, rows, base),
        clouds=_clouds(result, [t for t in result.trials if t.part == 1]),
        cloud_label=f"trials on the {result.search_split} split (for choosing, not claimed)",
        known=tuple(c._replace(shift=_shift(result, i)) for i, c in enumerate(_clouds(result, result.known))) if result.known else (),
        known_label="known shapes (constant r, published), not searched" if result.known else "",
        spread_label="methods at one cost are set side by side, to its left",
        base=base,
        base_label="unreduced model",
        budget=result.budget,
        budget_label=f"budget {amount_text(result.budget, result.unit)}",
    )


def heat(result: Result, rows: Sequence[Row], removed: Mapping[str, Sequence[int]], num_tokens: int) -> Heat:
    """Shares of the `num_tokens` tokens of a clip that the winners at the budget remove, from counts per layer and method."""
    winners = at_budget(rows, result.budget)
    missing = [r.point.method for r in winners if r.point.method not in removed]
    if missing:
        raise ValueError(f"`removed` has no tokens per layer for {', '.join(missing)}; it needs every method with a winner at the budget")
    depths = {len(removed[r.point.method]) for r in winners}
    if len(depths) > 1:
        raise ValueError(f"`removed` has {sorted(depths)} layers for different methods; all need the depth of {result.cost_model}")
    return Heat(
        title=f"Where tokens are removed at {amount_text(result.budget, result.unit)}",
        subtitle=f"per cent of all tokens of a clip removed in each layer ({num_tokens} tokens, {result.cost_model})",
        rows=tuple(_heat_row(r, removed[r.point.method], num_tokens) for r in winners),
        layers=depths.pop(),
    )


def _lines(result: Result, rows: Sequence[Row], base: Dot) -> tuple[Line, ...]:
    searched, others = methods(result.winners), methods(result.baselines)
    roles = [("winner", m, searched_style(m, i)) for i, m in enumerate(searched)]
    roles += [("baseline", m, baseline_style(i)) for i, m in enumerate(others)]
    lines = []
    for index, (role, method, drawn) in enumerate(roles):
        dots = sorted((_dot(r) for r in rows if r.role == role and r.point.method == method), key=lambda d: d.price)
        label = method_name(method) if role == "winner" or method == "random" else f"{method_name(method)}, not searched"
        lines.append(Line(method, label, drawn, role == "winner", (*dots, base), _shift(result, index)))
    return tuple(lines)


def _shift(result: Result, index: int) -> float:
    """Of the `index`-th method, the searched ones first."""
    return (index - len(methods(result.winners)) - len(methods(result.baselines))) * SPREAD * result.base.price


def _clouds(result: Result, points: Sequence[Point]) -> tuple[Cloud, ...]:
    """The points of the searched methods, method by method."""
    clouds = []
    for index, method in enumerate(methods(result.winners)):
        own = [p for p in points if p.method == method]
        clouds.append(Cloud(method, searched_style(method, index), tuple(p.price for p in own), tuple(p.score for p in own)))
    return tuple(clouds)


def _dot(row: Row) -> Dot:
    return Dot(row.point.price, row.point.score, *row.ci95, row.on_front)


def _heat_row(row: Row, removed: Sequence[int], num_tokens: int) -> HeatRow:
    shares = tuple(100 * r / num_tokens for r in removed)
    return HeatRow(row.point.method, method_name(row.point.method), schedule_text(row.point.schedule), shares)
