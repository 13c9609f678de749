"""What all drawings share: fonts, sizes, axes, markers. matplotlib's object-oriented interface: no pyplot, no display."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from tldr_search.report.style import BUDGET, INK, MUTED, PAPER, RULE, WARNING, Style

Size = tuple[float, float]
"""Width and height in inches."""
WIDE: Size = (8.6, 5.9)
NARROW: Size = (4.6, 6.4)
CROWDED = 0.75
"""A budget above this share of the unreduced cost has its label on the left, where there is room."""
LABEL = 46
"""Characters that fit beside the y axis of the narrow picture."""
TITLE = 12.5
"""Size of a title, in points."""
TITLE_FITS, FITS = 8.0, 12.4
"""Characters of a title, and of what is below it, that fit into one inch."""
NOT_SEARCHED = (4.0, 2.5)
"""Dashes of a baseline."""
NAME = 30
"""Characters of a line of a method's name in a legend."""
ROW = 0.2
"""Inches that one more row takes in a legend."""
INNER = 0.42
"""Share of a struck marker that is the marker itself."""
FOOT = 0.06
"""Share of the y axis that is added for the name of the budget."""
FONT: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "tldr_search",
    "pdf.fonttype": 42,
    "hatch.linewidth": 0.7,
    "text.color": INK.light,
    "axes.labelcolor": INK.light,
    "axes.edgecolor": MUTED.light,
    "xtick.color": MUTED.light,
    "ytick.color": MUTED.light,
}
"""In force while a figure is made and written, not longer. Text stays text, in SVG and in PDF; the same picture gives the same bytes."""


def is_wide(size: Size) -> bool:
    """Whether two columns of text fit."""
    return size[0] > NARROW[0]


def blank(size: Size) -> tuple[Figure, Axes]:
    """A figure with one pair of axes."""
    figure = sheet(size)
    axes = figure.add_subplot()
    plain(axes)
    return figure, axes


def sheet(size: Size) -> Figure:
    """A figure without axes."""
    return Figure(size, layout="constrained", facecolor=PAPER.light)


def plain(axes: Axes) -> None:
    """Without a box around."""
    axes.set_facecolor(PAPER.light)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)


def headings(axes: Axes, title: str, subtitle: str) -> None:
    """Above the axes, from their left edge; wrapped to the width of the figure."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    title, subtitle = _wrapped(figure, title, subtitle)
    lines = subtitle.count("\n") + 1 if subtitle else 0
    if title:
        axes.set_title(title, loc="left", fontsize=TITLE, fontweight="bold", color=INK.light, pad=10 + 14 * lines)
    if subtitle:
        axes.annotate(subtitle, (0, 1), (0, 9), xycoords="axes fraction", textcoords="offset points", color=MUTED.light, fontsize=9.5)


def sheet_headings(figure: Figure, title: str, subtitle: str) -> None:
    """Above several axes, which get the rest of the sheet; see `heading_height`."""
    if not title and not subtitle:
        return
    title, subtitle = _wrapped(figure, title, subtitle)
    height, used = figure.get_size_inches()[1], 0.1
    if title:
        figure.text(0.012, 1 - used / height, title, va="top", fontsize=TITLE, fontweight="bold", color=INK.light)
        used += 0.23 * (title.count("\n") + 1)
    figure.text(0.012, 1 - used / height, subtitle, va="top", fontsize=9.5, color=MUTED.light)
    used += 0.17 * (subtitle.count("\n") + 1)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, 0, 1, 1 - (used + 0.05) / height))


def heading_height(title: str, subtitle: str) -> float:
    """Inches that a sheet needs for them."""
    return 0.3 * bool(title) + 0.25 * bool(subtitle)


def _wrapped(figure: Figure, title: str, subtitle: str) -> tuple[str, str]:
    width = figure.get_size_inches()[0]
    return balanced(title, int(TITLE_FITS * width)), balanced(subtitle, int(FITS * width))


def balanced(text: str, most: int) -> str:
    """In as few lines of `most` characters as it takes, about equally long: no word stands alone in the last one."""
    lines = len(textwrap.wrap(text, most))
    fits = next((width for width in range(1, most) if len(textwrap.wrap(text, width)) <= lines), most)
    return textwrap.fill(text, fits)


def warn(figure: Figure, text: str, wide: bool) -> None:
    """At the very top, where nobody misses it."""
    if text:
        figure.suptitle(text, x=0.01, ha="left", color=WARNING.light, fontsize=10.5 if wide else 8.5, fontweight="bold")


def grid(axes: Axes, axis: Literal["both", "x", "y"] = "both") -> None:
    """Thin lines behind everything."""
    axes.grid(True, axis=axis, color=RULE.light, linewidth=0.7)


def draw_budget(axes: Axes, budget: float, label: str, base: float, gid: str) -> None:
    """An upright line with its name at the foot."""
    axes.axvline(budget, color=BUDGET.light, linewidth=1.2, linestyle=(0, (1, 1.5)), zorder=1.5, gid=gid)
    side, offset = ("right", -4) if budget > CROWDED * base else ("left", 4)
    axes.annotate(
        label, (budget, 0), (offset, 5), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha=side, color=BUDGET.light, fontsize=9, zorder=7, gid=f"{gid}-label",
    )  # fmt: skip


def leave_foot(axes: Axes) -> None:
    """Room below everything that was drawn, where the name of the budget runs into nothing."""
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom - FOOT * (top - bottom), top)


def legend_below(figure: Figure, entries: Sequence[Artist], columns: int) -> None:
    """Under everything."""
    figure.legend(
        handles=list(entries), loc="outside lower left", ncols=columns, frameon=False, fontsize=9, handlelength=2.6, labelcolor=INK.light
    )


def pattern(style: Style, searched: bool) -> Any:
    """How a method's line is dashed: what wasn't searched as nothing else is."""
    if not searched:
        return (0, NOT_SEARCHED)
    return (0, style.dashes) if style.dashes else "-"


def name_lines(name: str, fits: int) -> str:
    """A method's name in lines of so many characters, its options apart as long as they fit."""
    return textwrap.fill(name.replace(":", ": "), fits, break_on_hyphens=False).replace(": ", ":")


def legend_rows(entries: Sequence[Artist], columns: int) -> int:
    """Lines that a legend of entries of one or more lines has, at most: matplotlib fills columns one after the other."""
    lines = [1 + str(one.get_label()).count("\n") for one in entries]
    longest = -(-len(lines) // columns)
    return max((sum(lines[i : i + longest]) for i in range(0, len(lines), max(longest, 1))), default=0)


def grown(size: Size, rows: int, usual: int) -> Size:
    """Higher where a legend has more than the `usual` rows, so that what it is the legend of keeps its height."""
    return size[0], size[1] + ROW * max(0, rows - usual)


def filled(marker: str, colour: str, size: float) -> dict[str, Any]:
    """Keywords of a filled marker."""
    return {
        "marker": marker,
        "color": colour,
        "markersize": size,
        "markeredgecolor": PAPER.light,
        "markeredgewidth": 0.8,
        "linestyle": "none",
    }


def hollow(marker: str, colour: str, size: float, edge: float) -> dict[str, Any]:
    """Keywords of a hollow marker."""
    return {**filled(marker, colour, size), "markerfacecolor": PAPER.light, "markeredgecolor": colour, "markeredgewidth": edge}


def stroke(marker: str, colour: str, bold: bool) -> dict[str, Any]:
    """Keywords of a marker with a level stroke to either side: filled and as large as a winner's if `bold`, else small, hollow and pale."""
    face, size, edge, alpha = (colour, 17.0, 1.5, 1.0) if bold else (PAPER.light, 10.0, 1.1, 0.6)
    style = {"markersize": size, "markeredgewidth": edge, "markeredgecolor": colour, "markerfacecolor": face, "linestyle": "none"}
    return {"marker": _struck(marker), "color": colour, "alpha": alpha, **style}


@cache
def _struck(marker: str) -> Path:
    """The outline of a marker, from -1 to 1 with its strokes."""
    plain = MarkerStyle(marker)
    outline = plain.get_path().transformed(plain.get_transform())
    inner = outline.transformed(Affine2D().scale(INNER / float(np.abs(outline.vertices).max())))
    sides = [Path([(side * INNER, 0), (side, 0)]) for side in (-1, 1)]
    return Path.make_compound_path(inner, *sides)


def ring(colour: str, size: float, edge: float = 1.1) -> dict[str, Any]:
    """Keywords of a circle around a marker."""
    return {
        "marker": "o",
        "markersize": size,
        "markerfacecolor": "none",
        "markeredgecolor": colour,
        "markeredgewidth": edge,
        "linestyle": "none",
    }


def cross(colour: str) -> dict[str, Any]:
    """Keywords of a small cross."""
    return {"marker": "x", "color": colour, "markersize": 5, "markeredgewidth": 1.2, "linestyle": "none"}


def entry(label: str, **style: Any) -> Line2D:
    """One entry of a legend."""
    return Line2D([], [], label=label, **style)


def columns_of_one_length(columns: list[list[Line2D]], padded: bool) -> list[Line2D]:
    """Matplotlib fills columns one after the other; `padded` makes those given the ones that are drawn."""
    longest = max(map(len, columns)) if padded else 0
    return [one for column in columns for one in (*column, *[entry(" ", linestyle="none") for _ in range(longest - len(column))])]
