"""`comparison.html`: one file; no network, no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tldr_search.cost import UNITS
from tldr_search.report.drawings.files import svg_text
from tldr_search.report.inline import inline_svg, policy, style_sheet
from tldr_search.report.several.comparison import Comparison, Series, Shown
from tldr_search.report.several.drawing import multiples_figure
from tldr_search.report.several.picture import Multiples, spans, warning
from tldr_search.report.several.tabulated import UNPAIRED, at_budget, between_of, caption, panel_name
from tldr_search.report.words import (
    amount_text,
    cost_text,
    duration_text,
    method_name,
    metric_name,
    p_text,
    paired_test,
    schedule_text,
    sentence,
    signed_text,
)

TEMPLATE = "comparison.html.jinja"
FILTERS = {
    "cost": cost_text,
    "duration": duration_text,
    "method": method_name,
    "metric": metric_name,
    "p": p_text,
    "signed": signed_text,
    "test": paired_test,
    "heading": panel_name,
}


def page(comparison: Comparison, picture: Multiples) -> str:
    """The whole page. Everything that comes from a result is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(loader=PackageLoader("tldr_search.report.several", "."), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {**FILTERS, "breakable": lambda schedule: Markup(",<wbr>").join(schedule_text(schedule).split(","))}
    environment.globals |= {"amount": amount_text, "at_budget": at_budget, "between": between_of, "rungs": rungs, "units": UNITS}
    bare = picture._replace(title="", subtitle="", warning="")  # the page says these itself
    drawings = {name: svg_text(multiples_figure(bare, name == "narrow")) for name in ("wide", "narrow")}
    return environment.get_template(TEMPLATE).render(
        comparison=comparison,
        picture=picture,
        # Not escaped again: our own drawings, whose texts matplotlib has escaped, and our own style sheet.
        plots={name: Markup(inline_svg(svg, name)) for name, svg in drawings.items()},
        style=Markup(style_sheet()),
        policy=policy(),
        warning=warning(comparison),
        bars=spans(comparison, "bars"),
        brackets=sentence(spans(comparison, "in brackets")),
        caption=caption(comparison),
        **_heading(comparison),
    )


def rungs(shown: Shown, series: Series) -> list[dict[str, Any]]:
    """The ladder of a series, the cheapest last: rung, and the dots of each of its methods."""
    budgets = dict.fromkeys(dot.budget for dot in sorted(series.dots, key=lambda dot: -dot.budget))
    return [
        {"budget": b, "percent": 100 * b / series.base.price, "dots": [series.at(m, searched, b) for m, searched in series.methods]}
        for b in _distinct(list(budgets))
    ]


def _distinct(budgets: Sequence[float]) -> list[float]:
    """Rungs that are one, once."""
    return list({round(budget, 6): budget for budget in budgets}.values())


def _heading(comparison: Comparison) -> dict[str, Any]:
    panels = [shown.panel for shown in comparison.panels]
    backbones, tests = dict.fromkeys(p.backbone for p in panels), dict.fromkeys(p.test for p in panels)
    return {"backbones": list(backbones), "tests": list(tests), "unpaired": UNPAIRED}
