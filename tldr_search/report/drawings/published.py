"""Draws what papers print, clearly apart from what was measured."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tldr_search.report.drawings import canvas
from tldr_search.report.drawings.canvas import LABEL, WIDE, Size, entry, filled, hollow, ring
from tldr_search.report.pictures.marks import published_id
from tldr_search.report.pictures.published import RINGED, Beside, Join, Printed, Series
from tldr_search.report.style import INK, MUTED

NOTE = 40
"""Characters of a note that stands in a legend, at most."""
PALE = 0.35
"""Opacity of a marker that isn't ours."""
USUAL = {True: 6, False: 12}
"""Rows of the legend that the usual height has room for, in a wide picture and in a narrow one."""
FITS = {True: 70, False: 50}
"""Characters of an entry of a legend that fit."""


@matplotlib.rc_context(canvas.FONT)
def published_figure(picture: Beside, size: Size = WIDE, legend: bool = True) -> Figure:
    """Printed values beside measured ones, at a metric that papers print."""
    wide = canvas.is_wide(size)
    columns, entries = 1 + wide, _legend(picture, wide) if legend else []
    figure, axes = canvas.blank(canvas.grown(size, canvas.legend_rows(entries, columns), USUAL[wide]))
    axes.set_xlabel(picture.x_label)
    axes.set_ylabel(textwrap.fill(picture.y_label, LABEL))
    canvas.headings(axes, picture.title, picture.subtitle)
    canvas.grid(axes)
    canvas.draw_budget(axes, picture.budget, picture.budget_label, picture.base[0], "budget")
    for series in picture.lines:
        _draw_series(axes, series)
    axes.plot(*([x] for x in picture.base), **filled("*", INK.light, 13), zorder=6)
    draw_printed(axes, picture.printed, picture.joins)
    canvas.leave_foot(axes)
    if entries:
        canvas.legend_below(figure, entries, columns)
    return figure


def draw_printed(axes: Axes, values: Sequence[Printed], joins: Sequence[Join]) -> None:
    """Ringed pale markers in the shape of their method; those of one paper joined by a thin dotted line, never to ours."""
    for number, join in enumerate(joins):
        dots: dict[str, Any] = {"color": join.style.colour.light, "linewidth": 0.9, "linestyle": (0, (1, 2.5))}
        axes.plot(join.prices, join.scores, zorder=2.8, gid=f"published-join-{number}", **dots)
    for number, value in enumerate(values):
        at = [value.gflops], [value.score]
        axes.plot(*at, zorder=5.5, gid=f"published-ring-{number}", **ring(MUTED.light, 14, 0.8))
        axes.plot(*at, zorder=5.6, gid=published_id(number), **_marker(value))


def legend_printed(values: Sequence[Printed], wide: bool) -> list[Line2D]:
    """What rings say, then one entry per method and source; nothing where nothing is printed."""
    first = {(value.label, value.source): value for value in reversed(values)}
    own = [entry(textwrap.fill(f"{v.label}: {_told(v)}", FITS[wide]), **_marker(v)) for v in reversed(first.values())]
    return [entry(RINGED, **ring(MUTED.light, 12, 0.8)), *own] if own else []


def _told(value: Printed) -> str:
    """The source, and a note that is a few words; longer ones are in the captions and in the tables."""
    return value.told if len(value.note) <= NOTE else value.source


def _marker(value: Printed) -> dict[str, Any]:
    """Pale: neither filled nor hollow says anything of what wasn't measured here."""
    colour = value.style.colour.light
    return {**hollow(value.style.marker, colour, 9 if value.style.marker == "*" else 6, 1.0), "markerfacecolor": (colour, PALE)}


def _draw_series(axes: Axes, series: Series) -> None:
    legend = series.legend
    colour = legend.style.colour.light
    axes.plot(series.prices, series.scores, color=colour, linewidth=1.6, zorder=3, linestyle=canvas.pattern(legend.style, legend.searched))
    axes.plot(series.prices[:-1], series.scores[:-1], **filled(legend.style.marker, colour, 7), zorder=4)


def _legend(picture: Beside, wide: bool) -> list[Line2D]:
    lines = [_legend_series(series) for series in picture.lines]
    base = entry(picture.base_label, **filled("*", INK.light, 12))
    return canvas.columns_of_one_length([[*lines, base], legend_printed(picture.printed, wide)], padded=wide)


def _legend_series(series: Series) -> Line2D:
    style: dict[str, Any] = filled(series.legend.style.marker, series.legend.style.colour.light, 7)
    return entry(
        canvas.name_lines(series.legend.label, canvas.NAME),
        **{**style, "linestyle": canvas.pattern(series.legend.style, series.legend.searched), "linewidth": 1.6},
    )
