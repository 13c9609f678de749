"""Draws where schedules remove tokens, as heat maps."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from tldr_search.report.drawings import canvas
from tldr_search.report.pictures.schedules import Heat, HeatRow, Ladder
from tldr_search.report.style import BLUE, INK, MUTED, PAPER, RULE

MANY = 16
"""More layers than this have narrower cells, with whole numbers in them."""
LEVEL = "center_baseline"
"""All text of a row stands on one line."""
DARKEST = 0.8
"""How much of the blue the darkest cell has: as much as leaves a contrast of 4.5 to its dark text."""


@matplotlib.rc_context(canvas.FONT)
def heat_figure(picture: Heat) -> Figure:
    """One row per schedule, one column per layer, the share printed in every cell."""
    figure, axes = canvas.blank((_width(picture.layers), 1.75 + 0.5 * len(picture.rows)))
    canvas.headings(axes, picture.title, picture.subtitle)
    _draw_rows(axes, picture.rows, picture.most, picture.layers)
    _number_layers(axes, picture.layers)
    return figure


@matplotlib.rc_context(canvas.FONT)
def ladder_figure(picture: Ladder) -> Figure:
    """One block per method, one row per cost level, cheapest first; the score at the right of each row."""
    heights = [len(rows) for _, rows in picture.groups]
    height = 0.4 + 0.34 * sum(heights) + 0.36 * len(heights) + canvas.heading_height(picture.title, picture.subtitle)
    figure = canvas.sheet((_width(picture.layers) + 0.7, height))
    canvas.sheet_headings(figure, picture.title, picture.subtitle)
    blocks = figure.subplots(len(heights), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    for axes, (name, rows) in zip(blocks, picture.groups, strict=True):
        axes.set_title(name, loc="left", fontsize=10, fontweight="bold", color=INK.light, pad=5)
        _draw_rows(axes, rows, picture.most, picture.layers)
        for y, row in enumerate(rows):
            axes.text(picture.layers + 0.25, y + 0.5, f"{row.score:.1f}", va=LEVEL, fontsize=9, color=INK.light)
        axes.tick_params(labelbottom=axes is blocks[-1])
    _number_layers(blocks[-1], picture.layers)
    at = {"xycoords": "axes fraction", "textcoords": "offset points"}
    blocks[0].annotate(picture.score_label, (1, 1), (34, 5), ha="right", fontsize=9, color=MUTED.light, **at)
    return figure


def _width(layers: int) -> float:
    return max(6.0, 2.2 + (0.56 if layers <= MANY else 0.36) * layers)


def _draw_rows(axes: Axes, rows: Sequence[HeatRow], most: float, layers: int) -> None:
    canvas.plain(axes)
    colours = LinearSegmentedColormap.from_list("removed", [PAPER.light, BLUE.light])
    axes.pcolormesh([row.shares for row in rows], cmap=colours, vmin=0, vmax=most / DARKEST, edgecolors=RULE.light, linewidth=0.8)
    axes.invert_yaxis()
    for y, row in enumerate(rows):
        for x, share in enumerate(row.shares):
            colour, size = INK.light if share else MUTED.light, 9 if layers <= MANY else 8
            axes.text(x + 0.5, y + 0.5, _cell(share, layers), ha="center", va=LEVEL, fontsize=size, color=colour)
    axes.set_yticks([y + 0.5 for y in range(len(rows))], [row.label for row in rows], color=INK.light, va=LEVEL)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _number_layers(axes: Axes, layers: int) -> None:
    axes.set_xticks([x + 0.5 for x in range(layers)], [str(x + 1) for x in range(layers)])
    axes.set_xlabel("layer")


def _cell(share: float, layers: int) -> str:
    """`24.7`; `25` and `<1` in narrow cells; a dot where nothing leaves."""
    if not share:
        return "·"
    if layers <= MANY:
        return f"{share:.1f}"
    return f"{share:.0f}" if share >= 0.5 else "<1"
