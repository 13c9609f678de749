"""Draws accuracy against cost."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from tldr_search.report.drawings import canvas
from tldr_search.report.drawings.canvas import LABEL, WIDE, Size, entry, filled, hollow, ring, stroke
from tldr_search.report.drawings.published import draw_printed, legend_printed
from tldr_search.report.pictures.front import FRONT, Dot, Line, Pareto
from tldr_search.report.pictures.marks import BASE, BASE_BAND, BUDGET, KNEE, mark_id
from tldr_search.report.style import INK, MUTED, PAPER

KNOWN_FITS = {True: 64, False: 52}
"""Characters of a line of the entry for known shapes, in a wide picture and in a narrow one."""
USUAL = {True: 6, False: 12}
"""Rows of the legend that the usual height has room for, in a wide picture and in a narrow one."""
KNEE_FITS = 30
"""Characters of a line of the knee's name."""
KNEE_NEEDS = {True: 0.35, False: 0.6}
"""Share of the x axis that it takes, in a wide picture and in a narrow one."""
BESIDE, ON_FRONT = 2.8, 6.5
"""Layers: known shapes off the front, below all winners; what is on the front, above everything."""
RING = 13.0
"""Points across the ring around the knee."""
HEADROOM = {True: 0.1, False: 0.14}
"""Share of the y axis that is added for it."""


@matplotlib.rc_context(canvas.FONT)
def front_figure(picture: Pareto, size: Size = WIDE, legend: bool = True) -> Figure:
    """Score against cost; what a reader could ask about has an identifier, see `pictures.marks`."""
    wide = canvas.is_wide(size)
    columns, entries = 1 + wide, _legend(picture, wide) if legend else []
    figure, axes = canvas.blank(canvas.grown(size, canvas.legend_rows(entries, columns), USUAL[wide]))
    axes.set_xlabel(picture.x_label)
    axes.set_ylabel(textwrap.fill(picture.y_label, LABEL))
    canvas.headings(axes, picture.title, picture.subtitle)
    canvas.warn(figure, picture.warning, wide)
    canvas.grid(axes)
    _draw_base(axes, picture)
    _draw_steps(axes, picture)
    canvas.draw_budget(axes, picture.budget, picture.budget_label, picture.base.price, BUDGET)
    for index, line in enumerate(picture.lines):
        _draw_small(axes, index, line)
        _draw_line(axes, index, line)
    draw_printed(axes, picture.printed, picture.joins)
    canvas.leave_foot(axes)
    _draw_knee(axes, picture, wide)
    if entries:
        canvas.legend_below(figure, entries, columns)
    return figure


def _draw_base(axes: Axes, picture: Pareto) -> None:
    """The unreduced model's score as a dashed line across, its interval as a band."""
    base = picture.base
    axes.axhspan(base.low, base.high, color=INK.light, alpha=0.06, linewidth=0, zorder=1, gid=BASE_BAND)
    axes.axhline(base.score, color=INK.light, linewidth=0.9, linestyle=(0, (5, 4)), zorder=1.5, gid="base-line")
    _interval(axes, base, base.price, INK.light, 0.9, "base-interval")
    axes.plot([base.price], [base.score], **filled("*", INK.light, 13), zorder=6, gid=BASE)


def _draw_steps(axes: Axes, picture: Pareto) -> None:
    """The front: the best score at a cost or less, up to the unreduced model's cost."""
    prices, scores = zip(*picture.front, strict=True)
    look: dict[str, Any] = {"color": INK.light, "linewidth": 1.0, "solid_joinstyle": "miter", "solid_capstyle": "butt"}
    axes.step(prices, scores, where="post", zorder=3.5, gid="front-line", **look)


def _draw_small(axes: Axes, index: int, line: Line) -> None:
    """Trials and known shapes, one artist each; a known shape on the front above everything, any other below all winners."""
    colour = line.style.colour.light
    for number, (price, score, _) in enumerate(line.trials):
        gid = mark_id(index, "trial", number)
        axes.plot([price], [score], zorder=2, alpha=0.4, gid=gid, **hollow(line.style.marker, colour, 3.2, 0.6))
    for number, (price, score, on_front) in enumerate(line.known):
        gid = mark_id(index, "known", number)
        above = ON_FRONT if on_front else BESIDE
        axes.plot([price + line.shift], [score], zorder=above, gid=gid, **stroke(line.style.marker, colour, bold=on_front))


def _draw_line(axes: Axes, index: int, line: Line) -> None:
    """The line with its intervals; filled markers on the front, hollow ones off it. The last dot, the unreduced model, has its own."""
    colour, dots = line.style.colour.light, line.dots[:-1]
    xs = [d.price + line.shift for d in dots]
    look: dict[str, Any] = {"color": colour, "linewidth": 1.6, "linestyle": canvas.pattern(line.style, line.searched)}
    axes.plot([*xs, line.dots[-1].price], [d.score for d in line.dots], zorder=3, gid=mark_id(index, "line"), **look)
    for number, (x, dot) in enumerate(zip(xs, dots, strict=True)):
        _interval(axes, dot, x, colour, 0.75 if dot.on_front else 0.35, mark_id(index, "interval", number))
        marker = filled(line.style.marker, colour, 7) if dot.on_front else hollow(line.style.marker, colour, 6.5, 1.3)
        axes.plot([x], [dot.score], zorder=ON_FRONT if dot.on_front else 4, gid=mark_id(index, "dot", number), **marker)


def _draw_knee(axes: Axes, picture: Pareto, wide: bool) -> None:
    """A thin ring around one mark; its name at the top, above everything else, to its left if it fits there."""
    if picture.knee is None:
        return
    price, score, label = picture.knee
    axes.plot([price], [score], zorder=ON_FRONT + 0.1, gid=KNEE, **ring(INK.light, RING, 1.1))
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    axes.set_ylim(bottom, top + HEADROOM[wide] * (top - bottom))
    side, offset = ("right", -8) if (price - left) / (right - left) > KNEE_NEEDS[wide] else ("left", -4)
    above = axes.get_xaxis_transform() + ScaledTranslation(offset / 72, -3 / 72, axes.figure.dpi_scale_trans)
    note = axes.annotate(
        textwrap.fill(label, KNEE_FITS), (price, score), (price, 1), textcoords=above, ha=side, va="top", fontsize=9, color=INK.light,
        zorder=7, gid="knee-label", bbox={"boxstyle": "square,pad=0.1", "facecolor": PAPER.light, "edgecolor": "none"},
        arrowprops={"arrowstyle": "-", "color": INK.light, "linewidth": 0.8, "shrinkB": RING / 2, "shrinkA": 0},
    )  # fmt: skip
    assert note.arrow_patch is not None
    note.arrow_patch.set_gid("knee-arrow")


def _interval(axes: Axes, dot: Dot, x: float, colour: str, alpha: float, gid: str) -> None:
    axes.plot([x, x], [dot.low, dot.high], color=colour, alpha=alpha, linewidth=1.2, solid_capstyle="butt", zorder=2.5, gid=gid)


def _legend(picture: Pareto, wide: bool) -> list[Line2D]:
    """What is drawn, then how to read it."""
    lines = [*map(_legend_line, picture.lines), _legend_base(picture)]
    return canvas.columns_of_one_length([lines, [*_legend_notes(picture, wide), *legend_printed(picture.printed, wide)]], padded=wide)


def _legend_line(line: Line) -> Line2D:
    return entry(
        canvas.name_lines(line.label, canvas.NAME), color=line.style.colour.light, marker=line.style.marker, markersize=7, linewidth=1.6,
        linestyle=canvas.pattern(line.style, line.searched), markeredgecolor=PAPER.light, markeredgewidth=0.8,
    )  # fmt: skip


def _legend_base(picture: Pareto) -> Line2D:
    return entry(picture.base_label, color=INK.light, marker="*", markersize=11, linewidth=0.9, linestyle=(0, (4, 3)))


def _legend_notes(picture: Pareto, wide: bool) -> list[Line2D]:
    ink = MUTED.light
    return [
        entry(FRONT, **{**filled("o", ink, 7), "color": INK.light, "linestyle": "-", "linewidth": 1.0, "markerfacecolor": ink}),
        entry("hollow: not on the front", **hollow("o", ink, 6.5, 1.3)),
        entry(picture.trial_label, **hollow("o", ink, 3.2, 0.6)),
        *([entry(canvas.balanced(picture.known_label, KNOWN_FITS[wide]), **stroke("o", ink, bold=False))] if picture.known_label else []),
        entry("95 % interval over the videos", color=ink, marker="|", markersize=11, markeredgewidth=1.2, linestyle="none"),
        *([entry(canvas.balanced(picture.spread_label, KNOWN_FITS[wide]), linestyle="none")] if picture.spread_label else []),
    ]
