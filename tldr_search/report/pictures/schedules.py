"""Where schedules remove tokens, layer by layer: those of the winners at the budget, and those of all winners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tldr_search.report import counted
from tldr_search.report.rows import Row, at_budget, methods
from tldr_search.report.words import amount_text, method_name, metric_name, schedule_text
from tldr_search.study.result import Point, Result

STRONG = 0.7
"""Cells of the heat map above this share of the largest one are dark and have light text."""


class HeatRow(NamedTuple):
    """One schedule, layer by layer."""

    method: str
    label: str
    schedule: str
    """As `--schedule` takes it, in the cost model's counts."""
    shares: tuple[float, ...]
    """Tokens removed in each layer, in per cent of all tokens of a clip."""
    score: float
    """On the report split, in per cent."""

    @property
    def total(self) -> float:
        """Per cent of all tokens that are gone after the last layer."""
        return sum(self.shares)


class Heat(NamedTuple):
    """Where the schedules at the budget remove tokens."""

    title: str
    subtitle: str
    alt: str
    rows: tuple[HeatRow, ...]
    layers: int

    @property
    def most(self) -> float:
        """The largest share, which has the darkest cell; 1 if nothing is removed."""
        return max((s for row in self.rows for s in row.shares), default=0.0) or 1.0


class Ladder(NamedTuple):
    """Where the schedules of all winners remove tokens, method by method."""

    title: str
    subtitle: str
    alt: str
    groups: tuple[tuple[str, tuple[HeatRow, ...]], ...]
    """(method in words, its rows by rising cost level); the label of a row is its level."""
    layers: int
    score_label: str
    """What the score of a row is."""

    @property
    def most(self) -> float:
        """The largest share of all; 1 if nothing is removed."""
        return max((s for _, rows in self.groups for row in rows for s in row.shares), default=0.0) or 1.0


def heat(result: Result, rows: Sequence[Row], removed: Mapping[str, Sequence[int]], num_tokens: int) -> Heat:
    """Shares of the `num_tokens` tokens of a clip that the winners at the budget remove, from counts per layer and method."""
    order = methods(result.winners)
    winners = sorted(at_budget(rows, result.budget), key=lambda row: order.index(row.point.method))
    missing = [r.point.method for r in winners if r.point.method not in removed]
    if missing:
        raise ValueError(f"`removed` has no tokens per layer for {', '.join(missing)}; it needs every method with a winner at the budget")
    depths = {len(removed[r.point.method]) for r in winners}
    if len(depths) > 1:
        raise ValueError(f"`removed` has {sorted(depths)} layers for different methods; all need the depth of {result.cost_model}")
    budget = amount_text(result.budget, result.unit)
    found = tuple(_row(r.point, method_name(r.point.method), removed[r.point.method], num_tokens) for r in winners)
    return Heat(
        title=f"Where tokens are removed at {budget}",
        subtitle=_subtitle(result, num_tokens),
        alt=f"Tokens removed layer by layer at {budget}. {'; '.join(f'{row.label}: {_in_words(row)}' for row in found)}.",
        rows=found,
        layers=depths.pop(),
    )


def ladder(result: Result) -> Ladder:
    """Counted on the cost model, for every winner."""
    geometry = counted.cost_model(result, "none").geometry
    groups = tuple((method_name(m), tuple(_rungs(result, m, geometry.num_tokens))) for m in methods(result.winners))
    levels = [amount_text(b, result.unit) for b in sorted({w.budget for w in result.winners})]
    ends = f"from {levels[0]} to {levels[-1]}" if len(levels) > 1 else f"at {levels[0]}"
    totals = "; ".join(f"{name} removes {_span([row.total for row in own])} of the tokens in all" for name, own in groups)
    return Ladder(
        title="Where tokens are removed, at every cost",
        subtitle=_subtitle(result, geometry.num_tokens),
        alt=f"Tokens removed layer by layer by the best schedule of each method {ends}: {totals}.",
        groups=groups,
        layers=geometry.depth,
        score_label=f"{metric_name(result.objective)} (%), {result.report_split} split",
    )


def _rungs(result: Result, method: str, num_tokens: int) -> list[HeatRow]:
    cost = counted.cost_model(result, method)
    own = sorted((w for w in result.winners if w.method == method), key=lambda w: w.budget)
    return [_row(w, amount_text(w.budget, result.unit), cost.method.removed(w.schedule, cost.geometry), num_tokens) for w in own]


def _row(point: Point, label: str, removed: Sequence[int], num_tokens: int) -> HeatRow:
    shares = tuple(100 * r / num_tokens for r in removed)
    return HeatRow(point.method, label, schedule_text(point.schedule), shares, point.score)


def _subtitle(result: Result, num_tokens: int) -> str:
    return f"per cent of all tokens of a clip removed in each layer ({num_tokens} tokens, {result.cost_model})"


def _in_words(row: HeatRow) -> str:
    """`24.7 % in layer 1, 8.2 % in layer 2`, the three largest by layer."""
    largest = sorted(sorted((i for i, s in enumerate(row.shares) if s), key=lambda i: -row.shares[i])[:3])
    if not largest:
        return "nothing"
    return f"{', '.join(f'{row.shares[i]:.1f} % in layer {i + 1}' for i in largest)}, {row.total:.1f} % in all"


def _span(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.0f} to {high:.0f} %" if round(low) != round(high) else f"{low:.0f} %"
