"""Draws an ablation."""

from __future__ import annotations

from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tldr_search.report.ablation.picture import Ablation
from tldr_search.report.drawings import canvas
from tldr_search.report.style import INK, PAPER
from tldr_search.report.words import cost_text

WIDTH, SCORES, COSTS = 8.6, 4.0, 1.9
"""Inches: of the sheet, and of its two panels."""
COLUMNS = 2
"""Of the legend: lines, and how to read them."""
BAR = 0.62
"""Width of the bars of all lines at one place, where places are 1 apart."""
MARGIN = 0.55
BEHIND: dict[str, Any] = {"boxstyle": "square,pad=0.1", "facecolor": PAPER.light, "edgecolor": "none"}
"""Of a number, so that no line runs through it."""
NUMBERED = 14
"""So many bars have room for their numbers."""


@matplotlib.rc_context(canvas.FONT)
def ablation_figure(picture: Ablation) -> Figure:
    """Scores with their intervals above, what they cost below."""
    heights = [SCORES, COSTS] if picture.cost_label else [SCORES]
    entries = _legend(picture)
    figure = canvas.sheet(canvas.grown((WIDTH, sum(heights) + 1.3), canvas.legend_rows(entries, COLUMNS), 2))
    canvas.sheet_headings(figure, picture.title, picture.subtitle)
    panels = figure.subplots(len(heights), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    _draw_scores(panels[0], picture)
    if picture.cost_label:
        _draw_costs(panels[1], picture)
    panels[-1].set_xlabel(picture.x_label)
    figure.align_ylabels(panels)
    canvas.legend_below(figure, entries, COLUMNS)
    return figure


def _draw_scores(axes: Axes, picture: Ablation) -> None:
    canvas.plain(axes)
    canvas.grid(axes, "y")
    base = picture.base
    axes.axhspan(base.low, base.high, color=INK.light, alpha=0.06, linewidth=0, zorder=1)
    axes.axhline(base.score, color=INK.light, linewidth=0.9, linestyle=(0, (5, 4)), zorder=1.5)
    for line in picture.lines:
        colour = line.style.colour.light
        xs = [dot.x for dot in line.dots]
        if picture.joined:
            axes.plot(xs, [dot.score for dot in line.dots], color=colour, linewidth=1.4, zorder=3)
        for dot in line.dots:
            axes.plot([dot.x, dot.x], [dot.low, dot.high], color=colour, alpha=0.75, linewidth=1.3, solid_capstyle="butt", zorder=2.5)
        axes.plot(xs, [dot.score for dot in line.dots], zorder=5, **canvas.filled(line.style.marker, colour, 8))
    if picture.missing_label:
        _mark_missing(axes, picture)
    axes.set_ylabel(picture.y_label)
    axes.set_xticks([x for x, _ in picture.ticks], [name for _, name in picture.ticks])
    axes.set_xlim(picture.ticks[0][0] - MARGIN, picture.ticks[-1][0] + MARGIN)
    axes.tick_params(axis="x", labelbottom=not picture.cost_label)


def _mark_missing(axes: Axes, picture: Ablation) -> None:
    """A dash at the foot."""
    foot = axes.get_xaxis_transform()
    for line in picture.lines:
        for x in line.missing:
            axes.plot([x], [0.03], transform=foot, zorder=4, **_dash(line.style.colour.light))


def _dash(colour: str) -> dict[str, Any]:
    return {"marker": "_", "markersize": 10, "markeredgewidth": 2.0, "color": colour, "linestyle": "none"}


def _draw_costs(axes: Axes, picture: Ablation) -> None:
    """Bars from 0 with what they are and their share of the unreduced model's cost, which goes across behind them."""
    canvas.plain(axes)
    canvas.grid(axes, "y")
    width = BAR / len(picture.lines)
    number: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 7.5, "color": INK.light, "zorder": 4, "bbox": BEHIND}
    is_numbered = len(picture.lines) * len(picture.ticks) <= NUMBERED
    for index, line in enumerate(picture.lines):
        shift = (index - (len(picture.lines) - 1) / 2) * width
        at = [round(dot.x) + shift for dot in line.dots]
        axes.bar(at, [dot.gflops for dot in line.dots], width=0.92 * width, color=line.style.colour.light, zorder=2)
        for x, dot in list(zip(at, line.dots, strict=True)) * is_numbered:
            told = f"{cost_text(dot.gflops)}\n{100 * dot.gflops / picture.base.gflops:.0f} %"
            axes.annotate(told, (x, dot.gflops), (0, 3), textcoords="offset points", **number)
    axes.axhline(picture.base.gflops, color=INK.light, linewidth=0.9, linestyle=(0, (5, 4)), zorder=1.5)
    axes.set_ylim(
        0, (1.35 if is_numbered else 1.1) * max(picture.base.gflops, *(dot.gflops for line in picture.lines for dot in line.dots))
    )
    axes.set_ylabel(picture.cost_label)


def _legend(picture: Ablation) -> list[Line2D]:
    entries = [
        canvas.entry(
            canvas.name_lines(line.label, canvas.NAME),
            color=line.style.colour.light,
            marker=line.style.marker,
            markersize=8,
            linewidth=1.4 * picture.joined,
        )
        for line in picture.lines
    ]
    notes = [
        canvas.entry("unreduced model, 95 % interval shaded", color=INK.light, linewidth=0.9, linestyle=(0, (5, 4))),
        canvas.entry("95 % interval over the videos", color=INK.light, marker="|", markersize=11, markeredgewidth=1.2, linestyle="none"),
        *([canvas.entry(picture.missing_label, **_dash(INK.light))] if picture.missing_label else []),
    ]
    return canvas.columns_of_one_length([entries, notes], padded=True)
