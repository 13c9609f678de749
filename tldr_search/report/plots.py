"""Draws the pictures with matplotlib's object-oriented interface: no pyplot, no display, nothing left behind."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tldr_search.report.picture import STRONG, Dot, Heat, HeatRow, Line, Pareto
from tldr_search.report.style import BLUE, BUDGET, INK, MUTED, PAPER, RULE, WARNING

WIDE = (8.6, 5.9)
NARROW = (4.6, 6.4)
CROWDED = 0.75
"""A budget above this share of the unreduced cost has its label on the left, where there is room."""
LABEL = 44
"""Characters that fit beside the y axis of the narrow picture."""
FONT: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "tldr_search",
    "text.color": INK.light,
    "axes.labelcolor": INK.light,
    "axes.edgecolor": MUTED.light,
    "xtick.color": MUTED.light,
    "ytick.color": MUTED.light,
}
"""In force while a figure is made and written, not longer. Text in SVG stays text; the same picture gives the same bytes."""


@matplotlib.rc_context(FONT)
def pareto_figure(picture: Pareto, size: tuple[float, float] = WIDE) -> Figure:
    """Score against cost."""
    figure, axes = _figure(size)
    wide = size[0] > NARROW[0]
    axes.set_xlabel(picture.x_label)
    axes.set_ylabel(textwrap.fill(picture.y_label, LABEL))
    _headings(axes, picture.title, picture.subtitle)
    if picture.warning:
        figure.suptitle(picture.warning, x=0.01, ha="left", color=WARNING.light, fontsize=10.5 if wide else 8.5, fontweight="bold")
    axes.grid(True, color=RULE.light, linewidth=0.7)
    _draw_base(axes, picture)
    _draw_budget(axes, picture)
    for cloud in picture.clouds:
        axes.plot(cloud.prices, cloud.scores, zorder=2, alpha=0.4, **_hollow(cloud.style.marker, cloud.style.colour.light, 3.2, 0.6))
    for cloud in picture.known:
        axes.plot([x + cloud.shift for x in cloud.prices], cloud.scores, zorder=3.5, **_stroke(cloud.style.colour.light))
    for line in picture.lines:
        _draw_line(axes, line)
    figure.legend(handles=_legend(picture, padded=wide), loc="outside lower left", ncols=2 if wide else 1, frameon=False,
                  fontsize=9, handlelength=2.6, labelcolor=INK.light)  # fmt: skip
    return figure


@matplotlib.rc_context(FONT)
def heat_figure(picture: Heat) -> Figure:
    """One row per schedule, one column per layer, the share printed in every cell."""
    figure, axes = _figure((max(6.0, 1.9 + 0.56 * picture.layers), 1.75 + 0.5 * len(picture.rows)))
    _headings(axes, picture.title, picture.subtitle)
    colours = LinearSegmentedColormap.from_list("removed", [PAPER.light, BLUE.light])
    axes.pcolormesh([row.shares for row in picture.rows], cmap=colours, vmin=0, vmax=picture.most, edgecolors=RULE.light, linewidth=0.8)
    axes.invert_yaxis()
    for y, row in enumerate(picture.rows):
        _print_shares(axes, row, y, picture.most)
    axes.set_yticks([y + 0.5 for y in range(len(picture.rows))], [row.label for row in picture.rows], color=INK.light)
    axes.set_xticks([x + 0.5 for x in range(picture.layers)], [str(x + 1) for x in range(picture.layers)])
    axes.set_xlabel("layer")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


@matplotlib.rc_context(FONT)
def svg_text(figure: Figure) -> str:
    """The figure as an SVG document."""
    buffer = io.StringIO()
    FigureCanvasSVG(figure)
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def write_svg(figure: Figure, path: Path) -> None:
    """Writes an SVG file."""
    path.write_text(svg_text(figure), encoding="utf-8")


@matplotlib.rc_context(FONT)
def write_png(figure: Figure, path: Path) -> None:
    """Writes a PNG file that is sharp on dense screens."""
    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", dpi=170, metadata={"Software": None})


def _figure(size: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(size, layout="constrained", facecolor=PAPER.light)
    axes = figure.add_subplot(facecolor=PAPER.light)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    return figure, axes


def _headings(axes: Axes, title: str, subtitle: str) -> None:
    if title:
        axes.set_title(title, loc="left", fontsize=12.5, fontweight="bold", color=INK.light, pad=24 if subtitle else 10)
    if subtitle:
        axes.annotate(subtitle, (0, 1), (0, 9), xycoords="axes fraction", textcoords="offset points", color=MUTED.light, fontsize=9.5)


def _draw_base(axes: Axes, picture: Pareto) -> None:
    """The unreduced model's score as a dashed line across, its interval as a band."""
    base = picture.base
    axes.axhspan(base.low, base.high, color=INK.light, alpha=0.06, linewidth=0, zorder=1)
    axes.axhline(base.score, color=INK.light, linewidth=0.9, linestyle=(0, (5, 4)), zorder=1.5)
    _interval(axes, base, base.price, INK.light, 0.9)
    axes.plot([base.price], [base.score], **_filled("*", INK.light, 13), zorder=6)


def _draw_budget(axes: Axes, picture: Pareto) -> None:
    axes.axvline(picture.budget, color=BUDGET.light, linewidth=1.2, linestyle=(0, (1, 1.5)), zorder=1.5)
    side, offset = ("right", -4) if picture.budget > CROWDED * picture.base.price else ("left", 4)
    axes.annotate(
        picture.budget_label, (picture.budget, 0), (offset, 5), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha=side, color=BUDGET.light, fontsize=9, zorder=7,
    )  # fmt: skip


def _draw_line(axes: Axes, line: Line) -> None:
    """The line with its intervals; filled markers on the front, hollow ones off it. The last dot, the unreduced model, has its own."""
    colour, dots = line.style.colour.light, line.dots[:-1]
    xs = [d.price + line.shift for d in dots]
    dashes: dict[str, Any] = {} if line.searched else {"linestyle": (0, (4, 2.5))}
    axes.plot([*xs, line.dots[-1].price], [d.score for d in line.dots], color=colour, linewidth=1.6, zorder=3, **dashes)
    for x, dot in zip(xs, dots, strict=True):
        _interval(axes, dot, x, colour, 0.75 if dot.on_front else 0.35)
        marker = _filled(line.style.marker, colour, 7) if dot.on_front else _hollow(line.style.marker, colour, 6.5, 1.3)
        axes.plot([x], [dot.score], zorder=5 if dot.on_front else 4, **marker)


def _interval(axes: Axes, dot: Dot, x: float, colour: str, alpha: float) -> None:
    axes.plot([x, x], [dot.low, dot.high], color=colour, alpha=alpha, linewidth=1.2, solid_capstyle="butt", zorder=2.5)


def _filled(marker: str, colour: str, size: float) -> dict[str, Any]:
    return {
        "marker": marker,
        "color": colour,
        "markersize": size,
        "markeredgecolor": PAPER.light,
        "markeredgewidth": 0.8,
        "linestyle": "none",
    }


def _hollow(marker: str, colour: str, size: float, edge: float) -> dict[str, Any]:
    return {**_filled(marker, colour, size), "markerfacecolor": PAPER.light, "markeredgecolor": colour, "markeredgewidth": edge}


def _stroke(colour: str) -> dict[str, Any]:
    return {"marker": "_", "color": colour, "markersize": 7.5, "markeredgewidth": 1.6, "linestyle": "none"}


def _legend(picture: Pareto, padded: bool) -> list[Line2D]:
    """What is drawn, then how to read it; padded to two columns of one length, which matplotlib fills one after the other."""
    columns = [[*map(_legend_line, picture.lines), _legend_base(picture)], _legend_notes(picture)]
    longest = max(map(len, columns)) if padded else 0
    return [entry for column in columns for entry in (*column, *[Line2D([], [], linestyle="none", label=" ")] * (longest - len(column)))]


def _legend_line(line: Line) -> Line2D:
    dashes: Any = "-" if line.searched else (0, (3, 2))
    entry = Line2D([], [], color=line.style.colour.light, marker=line.style.marker, markersize=7, linewidth=1.6, linestyle=dashes)
    entry.set(label=line.label, markeredgecolor=PAPER.light, markeredgewidth=0.8)
    return entry


def _legend_base(picture: Pareto) -> Line2D:
    return Line2D([], [], color=INK.light, marker="*", markersize=11, linewidth=0.9, linestyle=(0, (4, 3)), label=picture.base_label)


def _legend_notes(picture: Pareto) -> list[Line2D]:
    ink = MUTED.light
    return [
        Line2D([], [], **_filled("o", ink, 7), label="filled: nothing as cheap scored higher"),
        Line2D([], [], **_hollow("o", ink, 6.5, 1.3), label="hollow: something as cheap or cheaper scored higher"),
        Line2D([], [], **_hollow("o", ink, 3.2, 0.6), label=picture.cloud_label),
        *([Line2D([], [], **_stroke(ink), label=picture.known_label)] if picture.known_label else []),
        Line2D([], [], color=ink, marker="|", markersize=11, markeredgewidth=1.2, linestyle="none", label="95 % interval over the samples"),
        Line2D([], [], linestyle="none", label=picture.spread_label),
    ]


def _print_shares(axes: Axes, row: HeatRow, y: int, most: float) -> None:
    for x, share in enumerate(row.shares):
        colour = PAPER.light if share > STRONG * most else INK.light if share else MUTED.light
        axes.text(x + 0.5, y + 0.5, f"{share:.1f}" if share else "·", ha="center", va="center", fontsize=9, color=colour)
