"""`report.html`: one file that answers first, then shows how; no network, no scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tldr_search.config import LABEL_FREE
from tldr_search.cost import COUNTED, UNITS
from tldr_search.report.compare import Difference
from tldr_search.report.effort import effort, effort_text
from tldr_search.report.equal_cost import equal_cost
from tldr_search.report.picture import STRONG, Heat, Pareto
from tldr_search.report.plots import NARROW, WIDE, pareto_figure, svg_text
from tldr_search.report.rows import Row, at_budget, baselines_at, lead, methods
from tldr_search.report.style import COLOURS
from tldr_search.report.words import (
    NBSP,
    SAME_SPLIT,
    SHAPES,
    amount_text,
    constraints_text,
    correction_text,
    cost_text,
    duration_text,
    gflops_text,
    interval_text,
    method_name,
    metric_name,
    p_sentence,
    p_text,
    paired_test,
    price_label,
    schedule_text,
    signed_text,
    twin_text,
)
from tldr_search.study.result import Result

TEMPLATE = "page.html.jinja"
FILTERS = {
    "cost": cost_text,
    "duration": duration_text,
    "method": method_name,
    "number": gflops_text,
    "p": p_text,
    "p_sentence": p_sentence,
    "schedule": schedule_text,
    "signed": signed_text,
}


def page(result: Result, rows: Sequence[Row], pareto: Pareto, heat: Heat) -> str:
    """The whole page. Everything that comes from the result is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(loader=PackageLoader("tldr_search.report", "."), autoescape=True, undefined=StrictUndefined)
    environment.filters |= FILTERS
    environment.globals |= {"interval": interval_text, "plain": _plain}
    template = environment.get_template(TEMPLATE)
    return template.render(_answer(result, rows) | _search(result, rows) | _prices(result) | _pictures(pareto, heat))


def inline_svg(svg: str, prefix: str) -> str:
    """An SVG document as an element of the page.

    Colours become the page's variables, identifiers get a `prefix` so that two drawings can share a page, and the size is left to
    the page.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    for colour in COLOURS:
        svg = svg.replace(colour.light, f"var(--{colour.name})")
    return svg


def _answer(result: Result, rows: Sequence[Row]) -> dict[str, Any]:
    """For the headline: the best schedule at the budget, against the unreduced model, random dropping and the next best method.

    "Best" is by score on the search split: the report split only measures.
    """
    winners = at_budget(rows, result.budget)
    best, second = winners[0], winners[1] if len(winners) > 1 else None
    return {
        "result": result,
        "base": rows[0],
        "best": best,
        "second": second,
        "lead": lead(best, winners[1:]),
        "correction": correction_text(len(result.winners), "winners"),
        "lead_correction": correction_text(len(winners) - 1, "methods"),
        "at_budget": (*winners, *baselines_at(rows, result.budget)),
        "equal": equal_cost(result, rows),
        "metric": metric_name(result.objective),
        "label_free": result.objective in LABEL_FREE,
        "test": paired_test(result.objective),
        "twin": twin_text(result.model, result.cost_model),
        "same_split": SAME_SPLIT if result.same_split else "",
    }


def _search(result: Result, rows: Sequence[Row]) -> dict[str, Any]:
    """What was searched and how."""
    spent = effort(result)
    return {
        "rows": rows,
        "spent": spent,
        "effort": effort_text(spent),
        "rungs": sorted({w.budget for w in result.winners}),
        "num_search": len(result.base_search.outcomes),
        "num_report": len(result.base.outcomes),
        "baselines": methods(result.baselines),
        "constraints": constraints_text(result.constraints),
    }


def _prices(result: Result) -> dict[str, Any]:
    """How prices are called and written."""
    return {
        "budget": amount_text(result.budget, result.unit),
        "base_price": amount_text(result.base.price, result.unit),
        "unit": UNITS[result.unit],
        "counted": result.unit == COUNTED,
        "price_label": price_label(result.unit, result.cost_model),
        "shape_names": SHAPES,
    }


def _pictures(pareto: Pareto, heat: Heat) -> dict[str, Any]:
    from markupsafe import Markup

    # Not escaped again: these are our own drawings, and matplotlib has escaped their texts.
    drawings = {name: svg_text(pareto_figure(pareto._replace(title=""), size)) for name, size in (("wide", WIDE), ("narrow", NARROW))}
    return {
        "plots": {name: Markup(inline_svg(svg, name)) for name, svg in drawings.items()},
        "plot_title": pareto.title,
        "heat": heat,
        "strong": STRONG,
        "colours": COLOURS,
    }


def _plain(value: Difference) -> str:
    """A difference in words: `4.0 points below`, `0.3 points above`, `level with`."""
    points = round(value.points, 1)
    if not points:
        return "level with"
    return f"{abs(points):.1f}{NBSP}point{'' if abs(points) == 1 else 's'} {'above' if points > 0 else 'below'}"
