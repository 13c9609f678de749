"""A sheet of images and text, placed pixel by pixel, and its PNG: in full colour for a file, light for a page."""

from __future__ import annotations

import io
from bisect import bisect_left
from functools import cache
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from numpy.typing import NDArray
from PIL import Image as Pictures

from tldr_search.report.style import INK, PAPER

DPI = 100
"""Pixels per inch of a sheet that is not magnified."""
FAMILY = "DejaVu Sans"
FONT: dict[Any, Any] = {"font.family": FAMILY, "text.parse_math": False, "text.color": INK.light}
"""In force while a sheet is made and drawn."""
MOST_BYTES = 250_000
"""Of a light PNG: it keeps all colours if that allows it, else as many as it does."""
PALETTES = (256, 192, 128, 96, 64, 48, 32, 16)
TRIFLE = 0.01
"""Added to a size in pixels, or matplotlib may round inches down to one pixel less."""
STEP = 8
"""In which colours are told apart where a palette is made of them; steps of red, green and blue each fit into `STEP`**2."""


class Sheet:
    """Coordinates are points of a grid, from the upper left corner; each is `scale` pixels wide and high."""

    def __init__(self, width: int, height: int, scale: int = 1) -> None:
        self.width, self.height, self._scale = width, height, scale
        size = ((width + TRIFLE) / DPI, (height + TRIFLE) / DPI)
        self._figure = Figure(size, dpi=DPI * scale, facecolor=PAPER.light)
        self._canvas = FigureCanvasAgg(self._figure)

    def image(self, image: NDArray[np.uint8], left: int, top: int) -> None:
        """[h, w, 3], pixel for pixel."""
        below = (self.height - top) * self._scale - image.shape[0]
        self._figure.figimage(image, left * self._scale, below, origin="upper")

    def text(
        self, text: str, left: float, top: float, size: float = 10.0, colour: str = INK.light, *, bold: bool = False, align: str = "left"
    ) -> None:
        """`top` of the capitals; `size` in points."""
        with matplotlib.rc_context(FONT):
            self._figure.text(
                left / self.width, 1 - (top + 1.05 * size) / self.height, text, ha=align, va="baseline", fontsize=size, color=colour,
                fontweight="bold" if bold else "normal",
            )  # fmt: skip

    def png(self) -> bytes:
        """The sheet in full colour; the same one gives the same bytes."""
        return _file(Pictures.fromarray(_drawn(self._canvas)), DPI * self._scale)

    def light_png(self) -> bytes:
        """The sheet in `MOST_BYTES`."""
        return light(self._canvas)


def light(canvas: FigureCanvasAgg) -> bytes:
    """What is on it, as a PNG of `MOST_BYTES`; the same gives the same bytes."""
    pixels = _drawn(canvas)
    whole = Pictures.fromarray(pixels)
    data = _file(whole)
    for colours in PALETTES:
        if len(data) <= MOST_BYTES:
            break
        data = _file(whole.quantize(palette=_palette(pixels, colours), dither=Pictures.Dither.NONE))
    return data


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels."""
    font = FontProperties(family=FAMILY, weight="bold" if bold else "normal", size=size)
    width, *_ = _renderer().get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def shortened(text: str, most: float, size: float, *, bold: bool = False) -> str:
    """In one line, cut where it is wider than `most` pixels."""
    text = " ".join(text.split())
    if width_of(text, size, bold=bold) <= most:
        return text
    fitting = bisect_left(range(len(text)), True, key=lambda end: width_of(f"{text[: end + 1]}…", size, bold=bold) > most)
    return f"{text[:fitting].rstrip()}…"


@cache
def _renderer() -> RendererAgg:
    """One that only measures."""
    return RendererAgg(1, 1, DPI)


def _palette(pixels: NDArray[np.uint8], colours: int) -> Pictures.Image:
    """Paper, and `colours` - 1 others for what is on it.

    They are those of the kinds of colour that there are, each counting as the root of its pixels, or small objects would lose theirs.
    """
    flat = pixels.reshape(-1, 3).astype(np.int64)
    code = (flat // STEP) @ np.array([STEP**4, STEP**2, 1])
    count = np.bincount(code)
    total = np.stack([np.bincount(code, weights=flat[:, c]) for c in range(3)], axis=1)[count > 0]
    count = count[count > 0]
    kinds = (total / count[:, None]).round().astype(np.uint8).repeat(np.sqrt(count).astype(int), axis=0)
    found = Pictures.fromarray(kinds[None]).quantize(colours - 1).getpalette()
    assert found is not None
    palette = Pictures.new("P", (1, 1))
    palette.putpalette([255, 255, 255, *found[: 3 * (colours - 1)]])
    return palette


@matplotlib.rc_context(FONT)
def _drawn(canvas: FigureCanvasAgg) -> NDArray[np.uint8]:
    """[h, w, 3]"""
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def _file(picture: Pictures.Image, dpi: int = DPI) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="png", compress_level=6, dpi=(dpi, dpi))
    return buffer.getvalue()
