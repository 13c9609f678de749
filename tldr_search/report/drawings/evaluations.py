"""Draws where the evaluations of the search went."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import offset_copy

from tldr_search.report.drawings import canvas
from tldr_search.report.drawings.canvas import filled
from tldr_search.report.pictures.evaluations import Bar, Bars, Evaluations
from tldr_search.report.style import INK, MUTED, PAPER

GROUP = 0.8
"""Share of a level's place that its bars take."""
HATCH = "////"
"""Of trials that were stopped early."""
UPRIGHT = (8.6, 4.0)
"""Inches."""
MANY = 40
"""More bars than this have their numbers and markers in small."""
MOST_COLUMNS = 5
KEY, FITS = 0.6, 14.0
"""Inches of an entry of the legend without its text; characters of the text that fit into one inch."""
ROOM = 1.12
"""The axis is this much longer than the longest bar, for the number beside it."""


@matplotlib.rc_context(canvas.FONT)
def evaluations_figure(picture: Evaluations, wide: bool = True, legend: bool = True) -> Figure:
    """Bars of trials by cost level, one per method: upright where it is wide, lying where it is not."""
    return _upright(picture, legend) if wide else _lying(picture, legend)


def _upright(picture: Evaluations, legend: bool) -> Figure:
    entries = _legend(picture) if legend else []
    columns = _columns(entries)
    figure, axes = canvas.blank(canvas.grown(UPRIGHT, canvas.legend_rows(entries, columns), 1))
    _prepare(axes, picture, "y")
    is_thin = len(picture.methods) * len(picture.levels) > MANY
    number: dict[str, Any] = {"fontsize": 6.5, "rotation": 90} if is_thin else {"fontsize": 8}
    for bars, offset, thick in _places(picture):
        for level, bar in enumerate(bars.bars):
            axes.bar(level + offset, bar.complete, thick, **_whole(bars))
            axes.bar(level + offset, bar.stopped, thick, bottom=bar.complete, **_early(bars))
            _mark(figure, axes, bars, bar, (level + offset, 0), (0, 8), 4.0 if is_thin else 5.5)
            at = (level + offset, bar.complete + bar.stopped)
            axes.annotate(bar.told, at, (0, 3), textcoords="offset points", ha="center", color=MUTED.light, **number)
    axes.set_xticks(range(len(picture.levels)), _labels(picture))
    axes.set_ylim(0, ROOM * _most(picture))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(picture.x_label)
    axes.set_ylabel(picture.y_label)
    if entries:
        canvas.legend_below(figure, entries, columns)
    return figure


def _lying(picture: Evaluations, legend: bool) -> Figure:
    figure, axes = canvas.blank((4.6, 1.9 + 0.24 * (len(picture.methods) + 0.8) * len(picture.levels)))
    _prepare(axes, picture, "x")
    for bars, offset, thick in _places(picture):
        for level, bar in enumerate(bars.bars):
            axes.barh(level + offset, bar.complete, thick, **_whole(bars))
            axes.barh(level + offset, bar.stopped, thick, left=bar.complete, **_early(bars))
            _mark(figure, axes, bars, bar, (0, level + offset), (8, 0), 5.5)
            at = (bar.complete + bar.stopped, level + offset)
            axes.annotate(bar.told, at, (4, 0), textcoords="offset points", va="center", fontsize=8.5, color=MUTED.light)
    axes.set_yticks(range(len(picture.levels)), _labels(picture))
    axes.invert_yaxis()
    axes.set_xlim(0, ROOM * _most(picture))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(picture.x_label)
    axes.set_xlabel(textwrap.fill(picture.y_label, canvas.LABEL))
    if legend:
        canvas.legend_below(figure, _legend(picture), 1)
    return figure


def _prepare(axes: Axes, picture: Evaluations, counts: Literal["x", "y"]) -> None:
    canvas.headings(axes, picture.title, picture.subtitle)
    canvas.grid(axes, counts)
    axes.tick_params(length=0)


def _places(picture: Evaluations) -> list[tuple[Bars, float, float]]:
    """(method, where its bar stands within a level, how thick it is)."""
    number = len(picture.methods)
    return [(bars, GROUP * ((i + 0.5) / number - 0.5), GROUP / number * 0.9) for i, bars in enumerate(picture.methods)]


def _whole(bars: Bars) -> dict[str, Any]:
    """Of trials that were finished."""
    return {"color": bars.style.colour.light, "zorder": 2}


def _early(bars: Bars) -> dict[str, Any]:
    """Of trials that were stopped early."""
    return {"facecolor": PAPER.light, "edgecolor": bars.style.colour.light, "hatch": HATCH, "linewidth": 0.8, "zorder": 2}


def _mark(figure: Figure, axes: Axes, bars: Bars, bar: Bar, foot: tuple[float, float], away: tuple[float, float], size: float) -> None:
    """The method's marker at the foot of its bar, for those who see no colours."""
    if bar.complete:
        place = offset_copy(axes.transData, figure, *away, units="points")
        axes.plot([foot[0]], [foot[1]], transform=place, zorder=3, **filled(bars.style.marker, PAPER.light, size))


def _labels(picture: Evaluations) -> Sequence[str]:
    return [f"{level}\n(asked for)" if i == picture.budget else level for i, level in enumerate(picture.levels)]


def _most(picture: Evaluations) -> int:
    return max(1, *(bar.complete + bar.stopped for bars in picture.methods for bar in bars.bars))


def _legend(picture: Evaluations) -> list[Artist]:
    entries: list[Artist] = [
        canvas.entry(canvas.name_lines(bars.label, canvas.NAME), **filled(bars.style.marker, bars.style.colour.light, 10))
        for bars in picture.methods
    ]
    if picture.stopped_label:
        entries.append(Patch(facecolor=PAPER.light, edgecolor=INK.light, hatch=HATCH, label=picture.stopped_label))
    return entries


def _columns(entries: Sequence[Artist]) -> int:
    """As many as have room beside each other."""
    longest = max((len(line) for one in entries for line in str(one.get_label()).splitlines()), default=0)
    return max(1, min(MOST_COLUMNS, int(UPRIGHT[0] / (KEY + longest / FITS))))
