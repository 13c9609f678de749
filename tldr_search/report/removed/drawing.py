"""Draws what `tokens`, `maps` and `shares` computed."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tldr_search.insight.record import Array
from tldr_search.report.drawings.canvas import name_lines
from tldr_search.report.removed.maps import Map, MapsPicture, Scale
from tldr_search.report.removed.shares import Line, SharesPicture
from tldr_search.report.removed.sheet import FONT, Sheet, shortened, width_of
from tldr_search.report.removed.tokens import Row, TokensPicture
from tldr_search.report.removed.wording import abridged, clip_text, faded, map_name, map_unit, mass_text, tokens_text
from tldr_search.report.style import INK, MEASURES, MUTED, PAPER, RULE, Style, searched_styles
from tldr_search.report.words import method_name

EDGE, GAP, LINE = 14, 5, 29
"""Pixels around everything, between frames, and of a line of text above a row."""
HEAD, FOOT = 38, 26
"""Pixels of title and frame numbers, and of the key."""
KEY = 15
"""Pixels of one more line of the key."""
LEAST = 560
"""Pixels across, where frames take fewer."""
BAR = 92
"""Pixels to the right of the maps, for the colour scale."""
COLUMNS, NAME = 2, 26
"""Of the legend of a panel; characters of a line of a name in it."""
COLOURS = matplotlib.colormaps["viridis"]


def tokens_sheet(picture: TokensPicture) -> Sheet:
    """A row for the clip, one for each schedule."""
    height, width = (length // picture.scale for length in picture.rows[0].images[0].shape[:2])
    key = _key(picture, width)
    sheet = _sheet(picture, width, len(picture.rows) * (height + LINE) + FOOT + KEY * (len(key) - 1))
    _heading(sheet, picture, width)
    for i, row in enumerate(picture.rows):
        top = HEAD + i * (height + LINE)
        _row_label(sheet, picture, row, top)
        for column, image in enumerate(row.images):
            sheet.image(image, EDGE + column * (width + GAP), top + LINE - 5)
    for i, line in enumerate(reversed(key)):
        sheet.text(line, EDGE, sheet.height - FOOT + 2 - KEY * i, 8.5, MUTED.light)
    return sheet


def maps_sheet(picture: MapsPicture) -> Sheet:
    """A row of frames, one for each measure."""
    height, width = (length // picture.scale for length in picture.frames.shape[1:3])
    sheet = _sheet(picture, width, (1 + len(picture.maps)) * (height + LINE) + 6, BAR)
    _heading(sheet, picture, width)
    sheet.text("input", EDGE, HEAD + 5, 10, bold=True)
    for column, frame in enumerate(picture.frames):
        sheet.image(frame, EDGE + column * (width + GAP), HEAD + LINE - 5)
    for i, values in enumerate(picture.maps, start=1):
        top = HEAD + i * (height + LINE)
        name = map_name(values)
        sheet.text(name, EDGE, top + 5, 10, bold=True)
        sheet.text(map_unit(values), EDGE + width_of(name, 10, bold=True) + 10, top + 5, 9, MUTED.light)
        for column, image in enumerate(coloured(values, width * picture.scale)):
            sheet.image(image, EDGE + column * (width + GAP), top + LINE - 5)
        _bar(sheet, values.scale, (EDGE + len(picture.shown) * (width + GAP) + 6, top + LINE - 5), height, picture.scale)
    return sheet


@matplotlib.rc_context({**FONT, "font.size": 10.0, "axes.labelcolor": INK.light, "axes.edgecolor": MUTED.light})
def shares_figure(picture: SharesPicture) -> Figure:
    """Two panels on one scale."""
    most = max(len(picture.measures), len(picture.methods))
    figure = Figure((9.6, 4.2 + 0.19 * (most // COLUMNS)), dpi=120, layout="constrained", facecolor=PAPER.light)
    left, right = figure.subplots(1, 2, sharey=True)
    _panel(left, "What the unreduced model attends to", picture.measures, picture, MEASURES)
    _panel(right, "Mass that is left", picture.methods, picture, searched_styles(line.name for line in picture.methods))
    left.set_ylabel("share of each frame (%)")
    if picture.num_clips > 1:
        left.annotate(f"means of {picture.num_clips} clips; bars: range over clips", (0, 1), (2, -11), xycoords="axes fraction",
                      textcoords="offset points", fontsize=8.5, color=MUTED.light)  # fmt: skip
    top = max((value for line in (*picture.measures, *picture.methods) for value in line.high), default=picture.even)
    left.set_ylim(0, 1.18 * max(top, picture.even))
    return figure


def coloured(values: Map, width: int) -> Array:
    """[F, h s, w s, 3]: every patch in the colour of its value."""
    side = width // values.values.shape[2]
    image = (255 * COLOURS(values.scale.at(values.values))[..., :3]).round().astype(np.uint8)
    return image.repeat(side, axis=1).repeat(side, axis=2)


def _sheet(picture: TokensPicture | MapsPicture, width: int, body: int, beside: int = 0) -> Sheet:
    frames = len(picture.shown) * (width + GAP) - GAP
    return Sheet(max(2 * EDGE + frames + beside, LEAST), HEAD + body + EDGE // 2, picture.scale)


def _heading(sheet: Sheet, picture: TokensPicture | MapsPicture, width: int) -> None:
    """The clip, what is known of it, and which frames these are."""
    name = shortened(clip_text(picture.clip), 0.5 * sheet.width, 11.5, bold=True)
    sheet.text(name, EDGE, 8, 11.5, bold=True)
    after = EDGE + width_of(name, 11.5, bold=True) + 12
    sheet.text(shortened(picture.caption, sheet.width - after - EDGE, 10), after, 9, 10, MUTED.light)
    for column, position in enumerate(picture.shown):
        of = f" of {picture.num_positions * picture.tubelet}" if not column else ""
        right = EDGE + column * (width + GAP) + width - 1
        sheet.text(f"frame {1 + position * picture.tubelet}{of}", right, HEAD + 7, 8.5, MUTED.light, align="right")


def _row_label(sheet: Sheet, picture: TokensPicture, row: Row, top: int) -> None:
    """Beside the frame numbers in the first row."""
    name = method_name(row.method) if row.method else "input"
    sheet.text(name, EDGE, top + 5, 10, bold=True)
    if row.method:
        left, after = f":  {tokens_text(row, picture)},  {mass_text(row)}", EDGE + width_of(name, 10, bold=True) + 8
        room = sheet.width - after - EDGE
        told = abridged(row.schedule, lambda text: width_of(text + left, 10) <= room) + left
        sheet.text(shortened(told, room, 10), after, top + 5, 10)


def _key(picture: TokensPicture, width: int) -> list[str]:
    """What the drawing means, as far as it is there; in as many lines as it takes."""
    rows, room = picture.rows, max(len(picture.shown) * (width + GAP) - GAP, LEAST - 2 * EDGE)
    parts = ["plain colour: merged, here or with other frames", "lines: between tokens"] * any(row.merged for row in rows)
    parts += [f"darker: less mass per {picture.unit}"] * any(faded(row) for row in rows)
    parts += [f"mass: what tokens stand for, 1 for each {picture.unit}"] * (len(rows) > 1)
    parts += ["hatched: pruned"] * any(row.pruned for row in rows)
    lines: list[str] = []
    for part in parts:
        if lines and width_of(f"{lines[-1]};   {part}", 8.5) <= room:
            lines[-1] += f";   {part}"
        else:
            lines.append(part)
    return lines


def _bar(sheet: Sheet, scale: Scale, at: tuple[int, int], height: int, pixels: int) -> None:
    """The colour scale, `pixels` for each point of the sheet: its ends, and where an even share lies."""
    left, top = at
    steps = np.linspace(1, 0, height * pixels)
    bar = (255 * COLOURS(steps)[:, None, :3]).round().astype(np.uint8).repeat(12 * pixels, axis=1)
    sheet.image(bar, left, top)
    marks: dict[float, float] = {scale.high: 1.0, scale.low: 0.0}
    if scale.low < 1 < scale.high:
        even = float(scale.at(np.array(1.0)))
        marks |= {1.0: even} if 0.12 < even < 0.88 else {}
    for value, place in marks.items():
        y = top + (1 - place) * (height - 11)
        sheet.text(f"{value:.2g}" if value < 10 else f"{value:.0f}", left + 18, y, 8.5, INK.light)


def _panel(axes: Axes, title: str, lines: tuple[Line, ...], picture: SharesPicture, styles: dict[str, Style]) -> None:
    count = len(lines[0].mean) if lines else 0
    axes.axhline(picture.even, color=INK.light, linewidth=1.0, linestyle=(0, (5, 4)), zorder=1, label=f"even share, {picture.even:.3g} %")
    for i, line in enumerate(lines):
        style, shift = styles[line.name], 0.14 * (i - (len(lines) - 1) / 2)
        xs = np.arange(1, count + 1) + shift
        look: dict[str, Any] = {"color": style.colour.light}
        axes.vlines(xs, line.low, line.high, alpha=0.55, linewidth=1.3, zorder=2, **look)
        label = line.name if styles is MEASURES else name_lines(method_name(line.name), NAME)
        axes.plot(xs, line.mean, marker=style.marker, markersize=5.5, markeredgecolor=PAPER.light, markeredgewidth=0.6, linewidth=1.3,
                  zorder=3, label=label, **look)  # fmt: skip
    axes.set_title(title, loc="left", fontsize=11.5, fontweight="bold", color=INK.light)
    axes.set_xlabel("frame" if picture.tubelet == 1 else f"temporal position ({picture.tubelet} frames each)")
    axes.set_xticks(np.arange(1, count + 1) if count <= 16 else np.arange(1, count + 1, 4))
    axes.tick_params(colors=MUTED.light, length=3, labelsize=9)
    axes.grid(True, axis="y", color=RULE.light, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(-0.02, -0.16), ncols=COLUMNS, handlelength=1.8, columnspacing=1.2,
        labelcolor=INK.light,
    )  # fmt: skip
