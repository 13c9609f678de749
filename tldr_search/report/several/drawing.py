"""Draws a comparison."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import FillStyleType

from tldr_search.report.drawings import canvas
from tldr_search.report.drawings.canvas import entry, filled, hollow
from tldr_search.report.drawings.published import draw_printed, legend_printed
from tldr_search.report.several.picture import Entry, Field, Line, Multiples, base_id, dot_id
from tldr_search.report.style import BUDGET, INK, MUTED, PAPER, WARNING

DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.6)), (0, (7, 2, 1.5, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (9, 3)))
"""Of the series of a panel; more start again."""
FILLS: tuple[FillStyleType, ...] = ("full", "left", "right", "bottom", "top")
"""How much of a marker is filled, of the same; more are half filled from below or above. Nothing is hollow: that would be off the front."""
SUBTITLE = 58
"""Characters of what stands below a panel's title, in a line."""
PANEL = (4.4, 3.6)
"""Width and height of one panel of several, in inches."""
ALONE = (7.6, 4.6)
"""Of a single panel."""
BASELINE: Any = (0, (4, 2.5))
"""Of what wasn't searched, in the first series."""
NAME = 11.5
"""Characters of a run's name that fit into one inch of the legend."""
KEYS = 3.0
"""Inches of the legend that methods and the keys of runs take."""
PHONE = 4.6
"""Width where there is room for one panel only."""


@matplotlib.rc_context(canvas.FONT)
def multiples_figure(picture: Multiples, narrow: bool = False, legend: bool = True) -> Figure:
    """Small multiples with one legend; `narrow`: one below the other, for a phone. What a reader could ask about has an identifier."""
    rows, columns = (len(picture.fields), 1) if narrow else (picture.rows, picture.columns)
    width, height = ALONE if len(picture.fields) == 1 else PANEL
    inches = PHONE if narrow else max(columns * width, ALONE[0])
    entries = _legend(picture, inches, padded=not narrow) if legend else []
    lines = canvas.legend_rows(entries, 1 if narrow else 2)
    named = 0.16 * rows * max(len(textwrap.wrap(field.run, SUBTITLE)) for field in picture.fields)
    figure = canvas.sheet((inches, rows * height + named + canvas.ROW * lines + (1.0 if legend else 0.4)))
    _head(figure, picture, int(inches * 12.5))
    shared: dict[tuple[int, str], Axes] = {}
    for index, field in enumerate(picture.fields):
        place = index if narrow else field.row * columns + field.column
        beside = None if narrow else shared.get((field.row, field.scale))
        axes = figure.add_subplot(rows, columns, place + 1, sharey=beside)
        shared.setdefault((field.row, field.scale), axes)
        _draw_field(axes, field, labelled=beside is None)
    if entries:
        canvas.legend_below(figure, entries, columns=1 if narrow else 2)
    return figure


def _head(figure: Figure, picture: Multiples, characters: int) -> None:
    """Warning, title and subtitle, each in its own style; room is made by as many empty lines."""
    warning, subtitle = (textwrap.fill(text, characters) for text in (picture.warning, picture.subtitle))
    parts = [(warning, 9.5, WARNING, "bold"), (picture.title, 12.5, INK, "bold"), (subtitle, 9.5, MUTED, "normal")]
    shown = [part for part in parts if part[0]]
    if not shown:
        return
    lines = sum(1 + text.count("\n") for text, *_ in shown)
    figure.suptitle("\n".join([" "] * lines), fontsize=12.5, linespacing=1.15)
    inches, top = figure.get_size_inches()[1], 0.06
    for text, size, colour, weight in shown:
        figure.text(0.012, 1 - top / inches, text, ha="left", va="top", fontsize=size, color=colour.light, fontweight=weight)
        top += (1 + text.count("\n")) * size * 1.35 / 72


def _draw_field(axes: Axes, field: Field, labelled: bool) -> None:
    canvas.plain(axes)
    canvas.grid(axes)
    subtitle = "\n".join(textwrap.fill(text, SUBTITLE) for text in (field.run, field.subtitle))
    pad = 9 + 11.5 * (1 + subtitle.count("\n"))
    axes.set_title(textwrap.fill(field.title, 44), loc="left", fontsize=10.5, fontweight="bold", color=INK.light, pad=pad)
    axes.annotate(subtitle, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", color=MUTED.light, fontsize=8.5)
    axes.set_xlabel(field.x_label, fontsize=9)
    axes.set_ylabel(textwrap.fill(field.y_label, 34) if labelled else "", fontsize=9)
    for budget in field.budgets:
        axes.axvline(budget, color=BUDGET.light, linewidth=1.1, linestyle=(0, (1, 1.5)), zorder=1)
    for number, base in enumerate(field.bases):
        axes.axhline(base.score, color=INK.light, linewidth=0.8, linestyle=(0, (5, 4)), zorder=1.2)
        axes.plot([base.price] * 2, [base.low, base.high], color=INK.light, linewidth=1.1, zorder=2)
        axes.plot([base.price], [base.score], **filled("*", INK.light, 12), zorder=6, gid=base_id(field, number))
    for line in field.lines:
        _draw_line(axes, line)
    _draw_printed(axes, field)


def _draw_line(axes: Axes, line: Line) -> None:
    colour, dots = line.style.colour.light, line.dots[:-1]
    xs, scores, dashes = [dot.price + line.shift for dot in dots], [d.score for d in line.dots], _dashes(line.number, line.searched)
    axes.plot([*xs, line.dots[-1].price], scores, color=colour, linewidth=1.4, zorder=3, linestyle=dashes, gid=f"{line.gid}-line")
    for number, (x, dot) in enumerate(zip(xs, dots, strict=True)):
        bar: dict[str, Any] = {"color": colour, "alpha": 0.6, "linewidth": 1.1, "solid_capstyle": "butt"}
        axes.plot([x, x], [dot.low, dot.high], zorder=2.5, gid=f"{line.gid}-interval-{number}", **bar)
        axes.plot([x], [dot.score], zorder=5, gid=dot_id(line, number), **_marker(line.style.marker, colour, line.number))


def _draw_printed(axes: Axes, field: Field) -> None:
    """Ringed, as in the report of one run; identifiers tell panels apart: `published-1-0`."""
    before = len(axes.lines)
    draw_printed(axes, field.printed, field.joins)
    for artist in axes.lines[before:]:
        artist.set_gid(str(artist.get_gid()).replace("published", f"published-{field.number}", 1))


def _marker(marker: str, colour: str, number: int) -> dict[str, Any]:
    """Filled for the first series, half filled for the others."""
    if not number:
        return filled(marker, colour, 6.5)
    fill = FILLS[1 + (number - 1) % (len(FILLS) - 1)]
    return {**hollow(marker, colour, 6, 1.0), "markerfacecolor": colour, "markerfacecoloralt": PAPER.light, "fillstyle": fill}


def _dashes(number: int, searched: bool) -> Any:
    return BASELINE if number == 0 and not searched else DASHES[number % len(DASHES)]


def _legend(picture: Multiples, inches: float, padded: bool) -> list[Line2D]:
    """Methods by colour and marker and what is the same everywhere, then series by dashes, then what is printed elsewhere."""
    base = entry("unreduced model", **{**filled("*", INK.light, 11), "linestyle": (0, (4, 3)), "linewidth": 0.8})
    budget = entry("budget", color=BUDGET.light, linewidth=1.1, linestyle=(0, (1, 1.5)))
    fits = int(NAME * (inches - KEYS if padded else inches - 0.6))
    series = [
        entry(
            textwrap.fill(named.label, fits),
            **{**_marker("o", MUTED.light, named.number), "linewidth": 1.4, "linestyle": _dashes(named.number, True)},
        )
        for named in picture.series
        if not named.alone
    ]
    notes = [*series, *legend_printed(picture.printed, padded)]
    return canvas.columns_of_one_length([[*map(_legend_method, picture.methods), base, budget], notes], padded=padded and bool(notes))


def _legend_method(method: Entry) -> Line2D:
    colour, marker = method.style.colour.light, filled(method.style.marker, method.style.colour.light, 6.5)
    dashes = "-" if method.searched else (0, (3, 2))
    return entry(canvas.name_lines(method.label, canvas.NAME), **{**marker, "color": colour, "linestyle": dashes, "linewidth": 1.4})
