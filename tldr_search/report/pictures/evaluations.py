"""Where the evaluations of the search went: trials by cost level and method."""

from __future__ import annotations

from typing import NamedTuple

from tldr_search.report.effort import effort, effort_text
from tldr_search.report.rows import methods, same_rung
from tldr_search.report.style import Style, searched_styles
from tldr_search.report.words import amount_text, gflops_text, method_name
from tldr_search.study.result import Result


class Bar(NamedTuple):
    """The trials of one method at one cost level."""

    complete: int
    """On the whole search split."""
    stopped: int
    """Stopped early."""
    passes: float
    """Videos that were computed for them, in whole search splits."""

    @property
    def told(self) -> str:
        """Its passes, where they are not as many as its trials."""
        passes = f"{self.passes:.1f}"
        return "" if passes == f"{self.complete + self.stopped:.1f}" else passes


class Bars(NamedTuple):
    """One method, level by level."""

    method: str
    label: str
    style: Style
    bars: tuple[Bar, ...]


class Evaluations(NamedTuple):
    """Where the evaluations went."""

    title: str
    subtitle: str
    alt: str
    x_label: str
    y_label: str
    levels: tuple[str, ...]
    """Cost levels, rising, as written on the axis."""
    budget: int
    """Which of them was asked for."""
    methods: tuple[Bars, ...]
    stopped_label: str
    """Empty if no trial was stopped early."""


def evaluations(result: Result) -> Evaluations:
    """Counts the trials of `result`."""
    levels = sorted({w.budget for w in result.winners})
    styles = searched_styles(methods(result.winners))
    bars = tuple(_bars(result, method, style, levels) for method, style in styles.items())
    probes = sum(p.num_videos for p in result.probes) / result.base_search.num_videos
    spent = effort_text(effort(result))
    asked = next(i for i, level in enumerate(levels) if same_rung(level, result.budget))
    at_budget = "; ".join(f"{m.label} {m.bars[asked].complete + m.bars[asked].stopped}" for m in bars)
    probed = f"probes of single layers took {probes:.1f} more" if result.probes else "no layer was probed"
    told = "a trial is one pass over the videos"
    if any(bar.told for m in bars for bar in m.bars):
        told = "the numbers at the bars are passes over the videos, where that is not one for each trial"
    return Evaluations(
        title="Where the evaluations went",
        subtitle=f"{told}; {probed}",
        alt=f"{spent}; {probed}. Trials at {amount_text(result.budget, result.unit)}: {at_budget}.",
        x_label=f"cost level ({_unit(result)})",
        y_label=f"trials on the {result.search_split} split",
        levels=tuple(gflops_text(level) for level in levels),
        budget=asked,
        methods=bars,
        stopped_label="stopped early" if any(bar.stopped for m in bars for bar in m.bars) else "",
    )


def _bars(result: Result, method: str, style: Style, levels: list[float]) -> Bars:
    bars = []
    for level in levels:
        own = [t for t in result.trials if t.method == method and same_rung(t.budget, level)]
        whole = sum(t.part == 1 for t in own)
        bars.append(Bar(whole, len(own) - whole, sum(t.num_videos for t in own) / result.base_search.num_videos))
    return Bars(method, method_name(method), style, tuple(bars))


def _unit(result: Result) -> str:
    return amount_text(1, result.unit).split(maxsplit=1)[1]
