"""Figures as files: PNG, SVG and PDF fit for print. The same figure gives the same bytes; no dates, no versions."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tldr_search.files import write_all
from tldr_search.report.drawings.canvas import FONT

DPI = 300
"""Of PNG files: what journals ask for."""


def write(figure: Figure, directory: Path, name: str) -> tuple[Path, Path, Path]:
    """Writes `name`.png, .svg and .pdf into `directory`, which is there, and returns their paths in this order."""
    contents = {directory / file: content for file, content in rendered(figure, name).items()}
    write_all(contents)
    png, svg, pdf = contents
    return png, svg, pdf


def rendered(figure: Figure, name: str) -> dict[str, str | bytes]:
    """The names of those files, and what is in them. What stands where is settled once for all three, and stays so."""
    _settle(figure)
    return {f"{name}.png": png_bytes(figure), f"{name}.svg": svg_text(figure), f"{name}.pdf": pdf_bytes(figure)}


@matplotlib.rc_context(FONT)
def _settle(figure: Figure) -> None:
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


@matplotlib.rc_context(FONT)
def svg_text(figure: Figure) -> str:
    """The figure as an SVG document whose texts are texts."""
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


@matplotlib.rc_context(FONT)
def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG file of 300 dots per inch."""
    buffer = io.BytesIO()
    figure.set_dpi(DPI)
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


@matplotlib.rc_context(FONT)
def pdf_bytes(figure: Figure) -> bytes:
    """The figure as a PDF file with its fonts embedded as TrueType."""
    buffer = io.BytesIO()
    FigureCanvasPdf(figure).print_pdf(buffer, metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return buffer.getvalue()
