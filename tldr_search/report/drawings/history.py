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
RING, WIDER = 12.0, 4.0
"""Points across the ring of the first method, and by how much the next one is wider."""
FITS = {True: 70, False: 50}
"""Characters of an entry of a legend that fit, in a wide picture and in a narrow one."""


@matplotlib.rc_context(canvas.FONT)
def history_figure(picture: History, size: Size = WIDE, legend: bool = True) -> Figure:
    """Best score so far against passes over the videos."""
    figure, axes = canvas.blank(size)
    wide = canvas.is_wide(size)
    axes.set_xlabel(textwrap.fill(picture.x_label, LABEL) if not wide else picture.x_label)
    axes.set_ylabel(textwrap.fill(picture.y_label, LABEL))
    canvas.headings(axes, picture.title, picture.subtitle)
    canvas.grid(axes)
    axes.axhline(picture.base, color=INK.light, linewidth=0.9, linestyle=(0, (5, 4)), zorder=1.5)
    for index, line in enumerate(picture.lines):
        _draw_probes(axes, line, index)
        _draw_line(axes, line, index)
    axes.margins(y=0.12)
    axes.set_xlim(left=0)
    if legend:
        canvas.legend_below(figure, _legend(picture, wide), columns=2 if wide else 1)
    return figure


def _draw_probes(axes: Axes, line: Progress, index: int) -> None:
    """A bar at the foot, for as long as they took; those of several methods one above the other."""
    at, foot = 0.014 + 0.022 * index, axes.get_xaxis_transform()
    axes.plot([0, line.start], [at, at], transform=foot, color=line.style.colour.light, linewidth=3.2, solid_capstyle="butt", zorder=2)


def _draw_line(axes: Axes, line: Progress, index: int) -> None:
    """Steps up at the end of the trial that brought them; what was stopped early at the foot, where no score could be read off.

    Every method has a ring of its own size: two around one place are both seen.
    """
    colour, marker, foot = line.style.colour.light, line.style.marker, axes.get_xaxis_transform()
    steps = [*line.best, *((line.trials[-1].passes, score) for _, score in line.best[-1:])]
    axes.step([x for x, _ in steps], [y for _, y in steps], where="post", color=colour, linewidth=1.6, zorder=3)
    for trial in line.trials:
        if trial.score is None:
            axes.plot([trial.passes], [0.035], transform=foot, zorder=3, **cross(colour))
            continue
        is_best = (trial.passes, trial.score) in line.best
        axes.plot([trial.passes], [trial.score], zorder=4, **(filled(marker, colour, 7) if is_best else hollow(marker, colour, 5, 1)))
        if trial.chosen:
            axes.plot([trial.passes], [trial.score], zorder=5, **ring(colour, RING + WIDER * index, 1.4))


def _legend(picture: History, wide: bool) -> list[Line2D]:
    lines = [_legend_line(line) for line in picture.lines]
    base = entry(picture.base_label, color=INK.light, linewidth=0.9, linestyle=(0, (4, 3)))
    notes = [
        entry("filled: the best so far", **filled("o", MUTED.light, 7)),
        entry("hollow: an earlier one scored higher", **hollow("o", MUTED.light, 5, 1)),
        entry(textwrap.fill(picture.chosen_label, FITS[wide]), **ring(MUTED.light, 11, 1.4)),
    ]
    if picture.probes_label:
        notes.append(entry(picture.probes_label, color=MUTED.light, linewidth=4))
    if picture.stopped_label:
        notes.append(entry(textwrap.fill(picture.stopped_label, FITS[wide]), **cross(MUTED.light)))
    return canvas.columns_of_one_length([[*lines, base], notes], padded=wide)


def _legend_line(line: Progress) -> Line2D:
    style: dict[str, Any] = {**filled(line.style.marker, line.style.colour.light, 7), "linestyle": "-", "linewidth": 1.6}
    return entry(line.label, **style)
