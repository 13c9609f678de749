"""Draws the pictures of a study with matplotlib: no display, no setting left behind."""

from __future__ import annotations

from matplotlib.figure import Figure

from tldr_search.report.drawings.canvas import NARROW, WIDE
from tldr_search.report.drawings.evaluations import evaluations_figure
from tldr_search.report.drawings.files import rendered, svg_text, write
from tldr_search.report.drawings.front import front_figure
from tldr_search.report.drawings.history import history_figure
from tldr_search.report.drawings.published import published_figure
from tldr_search.report.drawings.schedules import heat_figure, ladder_figure
from tldr_search.report.drawings.sensitivity import sensitivity_figure
from tldr_search.report.pictures import Pictures

__all__ = [
    "NARROW",
    "WIDE",
    "evaluations_figure",
    "figures",
    "front_figure",
    "heat_figure",
    "history_figure",
    "ladder_figure",
    "published_figure",
    "rendered",
    "sensitivity_figure",
    "svg_text",
    "write",
]


def figures(pictures: Pictures) -> dict[str, Figure]:
    """Name of its files -> figure, for print; what there is nothing to draw of is left out."""
    found = {
        "pareto": front_figure(pictures.front),
        "published": published_figure(pictures.published) if pictures.published else None,
        "schedules": heat_figure(pictures.schedules),
        "schedules_by_cost": ladder_figure(pictures.ladder),
        "history": history_figure(pictures.history),
        "sensitivity": sensitivity_figure(pictures.sensitivity) if pictures.sensitivity else None,
        "evaluations": evaluations_figure(pictures.evaluations),
    }
    return {name: figure for name, figure in found.items() if figure is not None}
