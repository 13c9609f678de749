"""Draws how much each layer minds losing tokens."""

from __future__ import annotations

import math

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tldr_search.report.drawings import canvas
from tldr_search.report.pictures.sensitivity import Panel, Sensitivity
from tldr_search.report.style import INK

COLUMNS = 3
"""Panels side by side in a wide picture."""
WIDTH, HEIGHT = 8.6, 2.5
NARROW_WIDTH, NARROW_HEIGHT = 4.6, 1.9
EVERY = 14
"""More layers than this have every fourth one numbered."""


@matplotlib.rc_context(canvas.FONT)
def sensitivity_figure(picture: Sensitivity, wide: bool = True) -> Figure:
    """Small multiples with one y axis: side by side where it is wide, one below the other where it is not."""
    columns = min(COLUMNS, len(picture.panels)) if wide else 1
    rows = math.ceil(len(picture.panels) / columns)
    extra = 0.3 + canvas.heading_height(picture.title, picture.subtitle)
    figure = canvas.sheet((WIDTH, extra + HEIGHT * rows) if wide else (NARROW_WIDTH, extra + NARROW_HEIGHT * rows))
    canvas.sheet_headings(figure, picture.title, picture.subtitle)
    cells = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, panel in zip(cells, picture.panels, strict=False):
        _draw_panel(axes, panel, picture.layers)
    for axes in cells[len(picture.panels) :]:
        axes.set_visible(False)
    figure.supxlabel(picture.x_label, fontsize=10)
    figure.supylabel(picture.y_label, fontsize=10)
    return figure


def _draw_panel(axes: Axes, panel: Panel, layers: int) -> None:
    canvas.plain(axes)
    canvas.grid(axes, "y")
    axes.set_title(panel.label, loc="left", fontsize=10, fontweight="bold", color=INK.light, pad=5)
    at, colour = [d.layer for d in panel.damages], panel.style.colour.light
    axes.bar(at, [d.points for d in panel.damages], width=0.72, color=colour, alpha=0.85, zorder=2)
    for damage in panel.damages:
        axes.plot([damage.layer] * 2, [damage.low, damage.high], color=INK.light, linewidth=1.1, solid_capstyle="butt", zorder=3)
    step = 1 if layers <= EVERY else 4
    axes.set_xlim(0.4, layers + 0.6)
    axes.set_xticks(range(1, layers + 1, step))
    axes.set_ylim(bottom=0)
    axes.tick_params(axis="x", labelbottom=True, labelsize=8.5)
