"""What papers print for the same backbone and benchmark, and a second picture where the study's objective isn't what they print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tldr_search.cost import COUNTED
from tldr_search.published import BENCHMARKS, RESULTS, published_points
from tldr_search.published import Point as Value
from tldr_search.report.pictures.marks import Legend
from tldr_search.report.rows import methods
from tldr_search.report.style import INK, Style, baseline_style, searched_styles
from tldr_search.report.words import amount_text, method_name, metric_name, price_label
from tldr_search.study.result import Point, Result

NOT_OURS = "published elsewhere, not measured here"
RINGED = f"ringed: {NOT_OURS}"
PLAIN = Style(INK, "*")
"""Of the unreduced model."""


class Printed(NamedTuple):
    """One published value."""

    method: str
    label: str
    """The method, in words."""
    style: Style
    gflops: float
    """Per clip, as printed."""
    score: float
    """In per cent, as printed."""
    source: str
    """Paper and table, or where else it was published."""
    note: str
    """What one should know of it; mostly empty."""

    @property
    def paper(self) -> str:
        """The source without its table."""
        return self.source.partition(" Table")[0]

    @property
    def told(self) -> str:
        """The source, and the note if there is one: `vid-TLDR on GitHub, thread 3 (measured by a user)`."""
        return f"{self.source} ({self.note})" if self.note else self.source

    @property
    def legend(self) -> str:
        """For a text that stands alone."""
        return f"{self.label}, {NOT_OURS}: {self.source}"


class Join(NamedTuple):
    """Values of one paper that a thin line joins: a method's, up to that paper's unreduced model."""

    method: str
    style: Style
    prices: tuple[float, ...]
    scores: tuple[float, ...]


class Series(NamedTuple):
    """All measured schedules of one method at another metric than the objective: dots without intervals."""

    legend: Legend
    prices: tuple[float, ...]
    """Rising, the unreduced model last."""
    scores: tuple[float, ...]
    """In per cent; means over samples whose outcomes aren't kept, hence without an interval."""


class Beside(NamedTuple):
    """Published values beside measured ones, at a metric that the papers print."""

    title: str
    subtitle: str
    alt: str
    x_label: str
    y_label: str
    metric: str
    lines: tuple[Series, ...]
    base: tuple[float, float]
    """(price, score) of the unreduced model, measured."""
    base_label: str
    printed: tuple[Printed, ...]
    joins: tuple[Join, ...]
    ringed: str
    """What the rings say."""
    budget: float
    budget_label: str


def printed(result: Result, metric: str) -> tuple[Printed, ...]:
    """Published values of `metric` for the backbone and benchmark of the study, cheapest first.

    None for a cost twin, for clips of another length than the paper's, and where the price isn't GFLOPs.
    """
    if result.model != result.cost_model or result.unit != COUNTED or "frames" in result.overrides:
        return ()
    points = [p for p in published_points(result.model, result.benchmark) if p.metric == metric]
    own = methods(result.winners)  # as in the other pictures: what is printed of a searched method is in its style
    styles = {**searched_styles([*own, *(p.method for p in points if p.method != "none")]), "none": PLAIN}
    return tuple(Printed(p.method, method_name(p.method), styles[p.method], p.gflops, p.value, p.source, _note(result, p)) for p in points)


def _note(result: Result, value: Value) -> str:
    """That of its table."""
    cell = result.model, result.benchmark, value.method, value.gflops, value.source
    rows = (
        r for r in RESULTS if (r.model, r.benchmark, r.method, r.gflops, r.source) == cell and not r.variant and value.metric in r.metrics
    )
    return next((r.note for r in rows), "")


def joins(values: Sequence[Printed]) -> tuple[Join, ...]:
    """One per paper and method with at least two values, the paper's unreduced model among them."""
    found = []
    for paper, method in dict.fromkeys((v.paper, v.method) for v in values if v.method != "none"):
        own = [v for v in values if v.paper == paper and v.method in (method, "none")]
        if len(own) > 1:
            style = next(v.style for v in own if v.method == method)
            found.append(Join(method, style, tuple(v.gflops for v in own), tuple(v.score for v in own)))
    return tuple(found)


def beside(result: Result) -> Beside | None:
    """None where papers print no metric that was measured, and where of the objective they print as much."""
    order = dict.fromkeys((*BENCHMARKS.get(result.benchmark, ()), *result.base.metrics))
    metric = max((m for m in order if m in result.base.metrics), key=lambda m: _worth(result, m), default=result.objective)
    if _worth(result, metric) <= _worth(result, result.objective):
        return None
    values, base = printed(result, metric), (result.base.price, result.base.metrics[metric])
    name = metric_name(metric)
    return Beside(
        title="Beside what was published",
        subtitle=f"schedules were searched for {metric_name(result.objective)}; measured dots have no intervals here",
        alt=_alt(name, base, values),
        x_label=price_label(result.unit, result.cost_model),
        y_label=f"{name} (%), {result.report_split} split",
        metric=metric,
        lines=_series(result, metric, base),
        base=base,
        base_label="unreduced model, measured here",
        printed=values,
        joins=joins(values),
        ringed=RINGED,
        budget=result.budget,
        budget_label=f"budget {amount_text(result.budget, result.unit)}",
    )


def _worth(result: Result, metric: str) -> int:
    """2 where papers print `metric` of a reduced model, 1 where of the unreduced one only, 0 where they don't."""
    return max((1 if value.method == "none" else 2 for value in printed(result, metric)), default=0)


def _series(result: Result, metric: str, base: tuple[float, float]) -> tuple[Series, ...]:
    searched, others = searched_styles(methods(result.winners)), methods(result.baselines)
    legends = [(Legend(method_name(m), style, True, m), result.winners) for m, style in searched.items()]
    legends += [(Legend(method_name(m), baseline_style(i), False, m), result.baselines) for i, m in enumerate(others)]
    return tuple(Series(legend, *_curve(points, legend.method, metric, base)) for legend, points in legends)


def _curve(points: Sequence[Point], method: str, metric: str, base: tuple[float, float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    own = [*sorted((p.price, p.metrics[metric]) for p in points if p.method == method), base]
    return tuple(price for price, _ in own), tuple(score for _, score in own)


def _alt(name: str, base: tuple[float, float], values: Sequence[Printed]) -> str:
    listed = "; ".join(f"{v.label} {v.score:.1f} % at {v.gflops:g} GFLOPs ({v.source})" for v in values)
    return (
        f"{name[:1].upper()}{name[1:]} against GFLOPs per clip: measured schedules beside values published elsewhere, which were not "
        f"measured here. Unreduced, measured: {base[1]:.1f} %. Published: {listed}."
    )
