"""Draws what it costs that one layer alone loses tokens."""

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
FITS = 9.0
"""Characters of a panel's title that fit into one inch."""
TITLE = 0.17
"""Inches that one more line of a title takes."""
HEADROOM = 1.05
"""The y axis ends at so many times the highest interval of all."""
EVERY = 14
"""More layers than this have every fourth one numbered."""


@matplotlib.rc_context(canvas.FONT)
def sensitivity_figure(picture: Sensitivity, wide: bool = True) -> Figure:
    """Small multiples with one y axis: side by side where it is wide, one below the other where it is not."""
    columns = min(COLUMNS, len(picture.panels)) if wide else 1
    rows = math.ceil(len(picture.panels) / columns)
    width, height = (WIDTH, HEIGHT) if wide else (NARROW_WIDTH, NARROW_HEIGHT)
    names = [canvas.name_lines(panel.label, int(FITS * width / columns)) for panel in picture.panels]
    extra = 0.3 + canvas.heading_height(picture.title, picture.subtitle)
    figure = canvas.sheet((width, extra + (height + TITLE * max(name.count("\n") for name in names)) * rows))
    canvas.sheet_headings(figure, picture.title, picture.subtitle)
    cells = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, panel, name in zip(cells, picture.panels, names, strict=False):
        _draw_panel(axes, panel, name, picture.layers)
    cells[0].set_ylim(0, HEADROOM * max(damage.high for panel in picture.panels for damage in panel.damages) or 1)
    for axes in cells[len(picture.panels) :]:
        axes.set_visible(False)
    figure.supxlabel(picture.x_label, fontsize=10)
    figure.supylabel(picture.y_label, fontsize=10)
    return figure


def _draw_panel(axes: Axes, panel: Panel, name: str, layers: int) -> None:
    canvas.plain(axes)
    canvas.grid(axes, "y")
    axes.set_title(name, loc="left", fontsize=10, fontweight="bold", color=INK.light, pad=5)
    at, colour = [d.layer for d in panel.damages], panel.style.colour.light
    axes.bar(at, [d.points for d in panel.damages], width=0.72, color=colour, alpha=0.85, zorder=2)
    for damage in panel.damages:
        axes.plot([damage.layer] * 2, [damage.low, damage.high], color=INK.light, linewidth=1.1, solid_capstyle="butt", zorder=3)
    step = 1 if layers <= EVERY else 4
    axes.set_xlim(0.4, layers + 0.6)
    axes.set_xticks(range(1, layers + 1, step))
    axes.tick_params(axis="x", labelbottom=True, labelsize=8.5)
