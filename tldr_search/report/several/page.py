"""`comparison.html`: one file; nothing comes from or goes to the network. The script is that of `report.html`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tldr_search.cost import UNITS
from tldr_search.report import inline
from tldr_search.report.drawings.files import svg_text
from tldr_search.report.embedded import Drawn
from tldr_search.report.html import FILTERS as FILTERS_OF_ONE
from tldr_search.report.html import KEYS
from tldr_search.report.inline import marker_path
from tldr_search.report.pictures.published import RINGED
from tldr_search.report.several.comparison import Comparison, Series, Shown
from tldr_search.report.several.drawing import DASHES, multiples_figure
from tldr_search.report.several.fronts import panel_table
from tldr_search.report.several.hover import hover
from tldr_search.report.several.picture import Multiples
from tldr_search.report.several.tabulated import UNPAIRED, at_budget, between_of, caption, panel_name, panel_test
from tldr_search.report.several.wording import averaged, bars, brackets, warning
from tldr_search.report.words import amount_text, metric_name, samples_text, sentence

TEMPLATE = "several/comparison.html.jinja"
FILTERS = {**FILTERS_OF_ONE, "metric": metric_name, "test": panel_test, "heading": panel_name}


def page(comparison: Comparison, picture: Multiples) -> str:
    """The whole page. Everything that comes from a result is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(loader=PackageLoader("tldr_search.report", "."), autoescape=True, undefined=StrictUndefined)
    environment.filters |= FILTERS
    environment.globals |= {"amount": amount_text, "at_budget": at_budget, "between": between_of, "rungs": rungs, "units": UNITS}
    environment.globals |= {"marker_path": marker_path, "fronts_of": panel_table, "dashes": _dashes, "samples": samples_text}
    script = inline.script()
    return environment.get_template(TEMPLATE).render(
        comparison=comparison,
        picture=picture,
        drawn=_drawn(picture),
        styles=KEYS,
        front_data=Markup(inline.json_text(hover(picture)._asdict())),  # escaped as a script needs it
        style=Markup(inline.style_sheet()),
        script=Markup(script),
        policy=inline.policy(script),
        warning=warning(comparison),
        bars=bars(comparison),
        averaged=averaged(comparison),
        brackets=sentence(brackets(comparison)),
        caption=caption(comparison),
        ringed=RINGED,
        **_heading(comparison),
    )


def _drawn(picture: Multiples) -> Drawn:
    """Without what the page says itself: headings, and the legend, which switches."""
    from markupsafe import Markup

    bare = picture._replace(title="", subtitle="", warning="")
    # Not escaped again: our own drawings, whose texts matplotlib has escaped.
    svgs = {size: svg_text(multiples_figure(bare, size == "narrow", legend=False)) for size in ("wide", "narrow")}
    sizes = {size: Markup(inline.inline_svg(svg, size)) for size, svg in svgs.items()}
    return Drawn("", picture.title, picture.subtitle, picture.alt, sizes)


def _dashes(number: int) -> str:
    """Of a series in the legend, as SVG has them."""
    pattern = DASHES[number % len(DASHES)]
    return "" if pattern == "-" else " ".join(f"{1.8 * length:g}" for length in pattern[1])


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
    models, tests, headings = (dict.fromkeys(of(p) for p in panels) for of in (lambda p: p.model, lambda p: p.test, panel_name))
    return {"models": list(models), "tests": list(tests), "headings": list(headings), "unpaired": UNPAIRED}
