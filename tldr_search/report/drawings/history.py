"""Draws how the search went."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tldr_search.report.drawings import canvas
from tldr_search.report.drawings.canvas import LABEL, Size, cross, entry, filled, hollow, ring
from tldr_search.report.pictures.history import History, Progress
from tldr_search.report.style import INK, MUTED

WIDE: Size = (8.6, 4.8)
NARROW: Size = (4.6, 6.2)
RING = 12.0
"""Points across the ring around what was chosen."""
BAR = 3.2
"""Points that the bar of a few methods' probes is thick."""
APART, FOOT = 0.022, 0.12
"""Shares of the y axis: between the bars of two methods' probes, and what all of them take at most."""
USUAL = {True: 6, False: 9}
"""Rows of the legend that the usual height has room for, in a wide picture and in a narrow one."""
FITS = {True: 62, False: 50}
"""Characters of an entry of a legend that fit, in a wide picture and in a narrow one."""


@matplotlib.rc_context(canvas.FONT)
def history_figure(picture: History, size: Size = WIDE, legend: bool = True) -> Figure:
    """Best score so far against passes over the videos."""
    wide = canvas.is_wide(size)
    columns, entries = 1 + wide, _legend(picture, wide) if legend else []
    figure, axes = canvas.blank(canvas.grown(size, canvas.legend_rows(entries, columns), USUAL[wide]))
    axes.set_xlabel(textwrap.fill(picture.x_label, LABEL) if not wide else picture.x_label)
    axes.set_ylabel(textwrap.fill(picture.y_label, LABEL))
    canvas.headings(axes, picture.title, picture.subtitle)
    canvas.grid(axes)
    axes.axhline(picture.base, color=INK.light, linewidth=0.9, linestyle=(0, (5, 4)), zorder=1.5)
    apart = min(APART, FOOT / max(len(picture.lines) - 1, 1))
    for index, line in enumerate(picture.lines):
        _draw_probes(axes, line, apart * index, BAR * apart / APART)
        _draw_line(axes, line)
    axes.margins(y=0.12)
    axes.set_xlim(left=0)
    if entries:
        canvas.legend_below(figure, entries, columns)
    return figure


def _draw_probes(axes: Axes, line: Progress, above: float, thick: float) -> None:
    """A bar at the foot, for as long as they took; those of several methods one above the other."""
    at, foot = 0.014 + above, axes.get_xaxis_transform()
    axes.plot([0, line.start], [at, at], transform=foot, color=line.style.colour.light, linewidth=thick, solid_capstyle="butt", zorder=2)


def _draw_line(axes: Axes, line: Progress) -> None:
    """Steps up at the end of the trial that brought them; what was stopped early at the foot, where no score could be read off."""
    colour, marker, foot = line.style.colour.light, line.style.marker, axes.get_xaxis_transform()
    steps = [*line.best, *((line.trials[-1].passes, score) for _, score in line.best[-1:])]
    axes.step(
        [x for x, _ in steps],
        [y for _, y in steps],
        where="post",
        color=colour,
        linewidth=1.6,
        linestyle=canvas.pattern(line.style, True),
        zorder=3,
    )
    for trial in line.trials:
        if trial.score is None:
            axes.plot([trial.passes], [0.035], transform=foot, zorder=3, **cross(colour))
            continue
        is_best = (trial.passes, trial.score) in line.best
        axes.plot([trial.passes], [trial.score], zorder=4, **(filled(marker, colour, 7) if is_best else hollow(marker, colour, 5, 1)))
        if trial.chosen:
            axes.plot([trial.passes], [trial.score], zorder=5, **ring(colour, RING, 1.4))


def _legend(picture: History, wide: bool) -> list[Line2D]:
    lines = [_legend_line(line) for line in picture.lines]
    base = entry(picture.base_label, color=INK.light, linewidth=0.9, linestyle=(0, (4, 3)))
    notes = [
        entry("filled: the best so far", **filled("o", MUTED.light, 7)),
        entry("hollow: an earlier one scored higher", **hollow("o", MUTED.light, 5, 1)),
        entry(canvas.balanced(picture.chosen_label, FITS[wide]), **ring(MUTED.light, 11, 1.4)),
    ]
    if picture.probes_label:
        notes.append(entry(picture.probes_label, color=MUTED.light, linewidth=4))
    if picture.stopped_label:
        notes.append(entry(canvas.balanced(picture.stopped_label, FITS[wide]), **cross(MUTED.light)))
    return canvas.columns_of_one_length([[*lines, base], notes], padded=wide)


def _legend_line(line: Progress) -> Line2D:
    style: dict[str, Any] = {
        **filled(line.style.marker, line.style.colour.light, 7),
        "linestyle": canvas.pattern(line.style, True),
        "linewidth": 1.6,
    }
    return entry(canvas.name_lines(line.label, canvas.NAME), **style)
