"""Figures as files: PNG, SVG and PDF fit for print. The same figure gives the same bytes; no dates, no versions."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tldr_search.report.drawings.canvas import FONT

DPI = 300
"""Of PNG files: what journals ask for."""


def write(figure: Figure, directory: Path, name: str) -> tuple[Path, Path, Path]:
    """Writes `name`.png, .svg and .pdf into `directory`, which is there, and returns their paths in this order.

    What stands where is settled once for all three, and stays so.
    """
    _settle(figure)
    png, svg, pdf = (directory / f"{name}.{kind}" for kind in ("png", "svg", "pdf"))
    write_png(figure, png)
    svg.write_text(svg_text(figure), encoding="utf-8")
    write_pdf(figure, pdf)
    return png, svg, pdf


@matplotlib.rc_context(FONT)
def _settle(figure: Figure) -> None:
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


@matplotlib.rc_context(FONT)
def svg_text(figure: Figure) -> str:
    """The figure as an SVG document whose texts are texts."""
    buffer = io.StringIO()
    FigureCanvasSVG(figure)
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


@matplotlib.rc_context(FONT)
def write_png(figure: Figure, path: Path) -> None:
    """Writes a PNG file of 300 dots per inch."""
    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})


@matplotlib.rc_context(FONT)
def write_pdf(figure: Figure, path: Path) -> None:
    """Writes a PDF file with its fonts embedded as TrueType."""
    FigureCanvasPdf(figure)
    figure.savefig(path, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
