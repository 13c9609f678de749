"""The drawings as the page has them: SVG elements in a wide and a narrow size, with the words for those who can't see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tldr_search.report.drawings import (
    NARROW,
    evaluations_figure,
    front_figure,
    history_figure,
    published_figure,
    sensitivity_figure,
    svg_text,
)
from tldr_search.report.inline import inline_svg
from tldr_search.report.pictures import Pictures

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

FRONT = (8.6, 5.2)
"""Inches; lower than in print, where the legend is inside."""
FRONT_NARROW = (4.6, 5.0)
PLOT = (8.6, 4.6)


class Headed(Protocol):
    """Every picture says what it is."""

    @property
    def title(self) -> str:
        """A line."""

    @property
    def subtitle(self) -> str:
        """How to read it."""

    @property
    def alt(self) -> str:
        """The picture in words."""


class Drawn(NamedTuple):
    """One picture of the page."""

    name: str
    """Empty for the front, whose identifiers the script knows as `wide-...` and `narrow-...`."""
    title: str
    subtitle: str
    alt: str
    sizes: Mapping[str, Markup]
    """`wide` and `narrow`."""

    def prefix(self, size: str) -> str:
        """What the identifiers of one drawing begin with."""
        return f"{self.name}-{size}" if self.name else size


def drawn(pictures: Pictures) -> dict[str, Drawn | None]:
    """Name -> picture without its headings, which are the page's; None for what there is nothing to draw of."""
    front, beside, history, sensitivity, evaluations = (
        pictures.front._replace(title="", subtitle=""),
        pictures.published and pictures.published._replace(title="", subtitle=""),
        pictures.history._replace(title="", subtitle=""),
        pictures.sensitivity and pictures.sensitivity._replace(title="", subtitle=""),
        pictures.evaluations._replace(title="", subtitle=""),
    )
    return {
        "front": _drawn("", pictures.front, front_figure(front, FRONT, legend=False), front_figure(front, FRONT_NARROW, legend=False)),
        "published": pictures.published
        and beside
        and _drawn("published", pictures.published, published_figure(beside), published_figure(beside, NARROW)),
        "history": _drawn("history", pictures.history, history_figure(history, PLOT), history_figure(history, NARROW)),
        "sensitivity": pictures.sensitivity
        and sensitivity
        and _drawn("sensitivity", pictures.sensitivity, sensitivity_figure(sensitivity), sensitivity_figure(sensitivity, wide=False)),
        "evaluations": _drawn(
            "evaluations", pictures.evaluations, evaluations_figure(evaluations), evaluations_figure(evaluations, wide=False)
        ),
    }


def _drawn(name: str, picture: Headed, wide: Figure, narrow: Figure) -> Drawn:
    from markupsafe import Markup

    found = Drawn(name, picture.title, picture.subtitle, picture.alt, {})
    # Not escaped again: these are our own drawings, and matplotlib has escaped their texts.
    svgs = {size: Markup(inline_svg(svg_text(figure), found.prefix(size))) for size, figure in (("wide", wide), ("narrow", narrow))}
    return found._replace(sizes=svgs)
