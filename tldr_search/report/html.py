"""`report.html`: one file that answers first, then shows how; everything is inside, and nothing comes from or goes to the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tldr_search.config import LABEL_FREE
from tldr_search.cost import COUNTED, UNITS
from tldr_search.report import inline
from tldr_search.report.corrections import AGAINST, corrections_text, test_of
from tldr_search.report.effort import effort, effort_text
from tldr_search.report.embedded import Drawn, drawn
from tldr_search.report.equal_cost import EqualCost, equal_cost
from tldr_search.report.hover import hover
from tldr_search.report.markup import Table, shown
from tldr_search.report.opening import above, against, better_shape, chosen, plain
from tldr_search.report.pictures import Pareto, Pictures
from tldr_search.report.quality import hypervolumes, knee
from tldr_search.report.rows import Row, at_budget, baselines_at, lead, listed, methods
from tldr_search.report.speed import Speed
from tldr_search.report.style import INK, MUTED, Style
from tldr_search.report.tabulated import layer_by_layer, measured, published
from tldr_search.report.unbroken import named, unbroken
from tldr_search.report.words import (
    ON_FRONT,
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
    price_label,
    samples_text,
    schedule_text,
    sentence,
    shapes_text,
    signed_text,
    twin_text,
)
from tldr_search.study.result import Result

if TYPE_CHECKING:
    from tldr_search.report.removed import Shown

__all__ = ["Drawn", "Extras", "page"]

TEMPLATE = "page.html.jinja"
FILTERS = {
    "cost": cost_text,
    "duration": duration_text,
    "lines": shown,
    "method": method_name,
    "named": named,
    "number": gflops_text,
    "p": p_text,
    "p_sentence": p_sentence,
    "picture_uri": inline.picture_uri,
    "schedule": schedule_text,
    "sentence": sentence,
    "shapes": shapes_text,
    "signed": signed_text,
    "unbroken": unbroken,
}
KEYS = {
    "base": Style(INK, "*"),
    "note": Style(MUTED, "o"),
    "known": Style(MUTED, "_"),
    "bar": Style(MUTED, "|"),
}
"""Of the legend, beside those of the methods."""
NO_WIDTH = (
    "An interval without width means that all videos had the same outcome, or the same difference: resampling them cannot tell how far "
    "off it may be."
)


class Extras(NamedTuple):
    """What a report may have beside the result itself."""

    speed: Speed | None = None
    """What the winners were measured to take; None if they weren't."""
    removed: Sequence[Shown] = ()
    """Pictures of what the winners removed from a few clips."""


def page(result: Result, rows: Sequence[Row], pictures: Pictures, extras: Extras) -> str:
    """The whole page. Everything that comes from the result, from clips or from this machine is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(loader=PackageLoader("tldr_search.report", "."), autoescape=True, undefined=StrictUndefined)
    environment.filters |= FILTERS
    environment.globals |= {"interval": interval_text, "plain": plain, "marker_path": inline.marker_path, "shape_names": SHAPES}
    # Macros that are imported see what the template was given only if it is there from the start.
    context = _answer(result, rows) | _search(result, rows) | _prices(result) | _tables(result, extras) | _pictures(pictures, extras)
    return environment.get_template(TEMPLATE).render(context | _front(result, rows, pictures.front) | _shell())


def _answer(result: Result, rows: Sequence[Row]) -> dict[str, Any]:
    """For the headline: the best schedule at the budget, against the unreduced model, random dropping and the next best method.

    "Best" is by score on the search split: the report split only measures.
    """
    winners = at_budget(rows, result.budget)
    best, second = winners[0], winners[1] if len(winners) > 1 else None
    ahead, better = lead(best, winners[1:]), better_shape(rows, best)
    return {
        "result": result,
        "base": rows[0],
        "best": best,
        "second": second,
        "against": against(best),
        "chosen": chosen(result, second, ahead),
        "lead": ahead,
        "lead_correction": correction_text(len(winners) - 1, "methods"),
        "above": above(result, best, better) if better else "",
        **_tests(result, rows),
        "at_budget": (*_in_order(result, winners), *baselines_at(rows, result.budget)),
        "equal": _equal_cost(result, rows),
        "metric": metric_name(result.objective),
        "label_free": result.objective in LABEL_FREE,
        "twin": twin_text(result.model, result.cost_model, result.unit),
        "same_split": SAME_SPLIT if result.same_split else "",
    }


def _search(result: Result, rows: Sequence[Row]) -> dict[str, Any]:
    """What was searched and how."""
    spent = effort(result)
    return {
        "rows": listed(rows),
        "spent": spent,
        "effort": effort_text(spent),
        "rungs": sorted({w.budget for w in result.winners}, reverse=True),
        "num_search": samples_text(result.search_samples, result.search_videos),
        "num_report": samples_text(result.num_samples, result.num_videos),
        "baselines": methods(result.baselines),
        "baseline_names": ", ".join(map(method_name, methods(result.baselines))),
        "known_count": f"{len(result.known)} known shape{'' if len(result.known) == 1 else 's'}",
        "no_width": f" {NO_WIDTH}" if _some_have_no_width(result, rows) else "",
        "constraints": constraints_text(result.constraints),
    }


def _in_order(result: Result, winners: Sequence[Row]) -> list[Row]:
    """Of the methods in the study, as everywhere on the page; which is the best is told by other means."""
    order = methods(result.winners)
    return sorted(winners, key=lambda row: order.index(row.point.method))


def _equal_cost(result: Result, rows: Sequence[Row]) -> EqualCost | None:
    """Likewise; what was not searched comes last."""
    order, found = methods(result.winners), equal_cost(result, rows)
    return found and found._replace(lines=tuple(sorted(found.lines, key=lambda line: [*order, line.method].index(line.method))))


def _tests(result: Result, rows: Sequence[Row]) -> dict[str, Any]:
    """Where p-values are from, and how they were corrected for one another: those of the best, those at the budget, and all."""
    kinds = [kind for kind in AGAINST if any(getattr(row, kind) for row in rows)]
    return {
        "test": test_of(result),
        "correction": corrections_text(rows, kinds, ("winner",)),
        "corrections": corrections_text(rows, kinds),
        "all_corrections": corrections_text(rows, kinds, ("winner", "baseline", "known")),
    }


def _some_have_no_width(result: Result, rows: Sequence[Row]) -> bool:
    """An interval is a single point; that of what is 100 by definition is meant to be one."""
    told = rows[1:] if result.objective in LABEL_FREE else rows
    return any(low == high for low, high in (row.ci95 for row in told))


def _prices(result: Result) -> dict[str, Any]:
    """How prices are called and written."""
    return {
        "budget": amount_text(result.budget, result.unit),
        "base_price": amount_text(result.base.price, result.unit),
        "unit": UNITS[result.unit],
        "counted": result.unit == COUNTED,
        "price_label": price_label(result.unit, result.cost_model),
    }


def _tables(result: Result, extras: Extras) -> dict[str, Any]:
    """Those that have no form of their own here."""
    layers = layer_by_layer(result)
    return {
        "layers": layers,
        "costs": _by_method(layers, methods(result.winners)),
        "speed": measured(extras.speed) if extras.speed else None,
        "printed": _said_below(published(result)),
    }


def _said_below(table: Table | None) -> Table | None:
    """Without the column that says of every line what the caption says of all."""
    if table is None:
        return None
    kept = [index for index, column in enumerate(table.columns) if column.name != "measured_here"]
    rows = tuple(tuple(row[index] for index in kept) for row in table.rows)
    return table._replace(columns=tuple(table.columns[index] for index in kept), rows=rows)


def _by_method(table: Table, order: Sequence[str]) -> list[tuple[str, list[list[str]]]]:
    """(method in words, its lines without the first cell), in the order of the methods in the study."""
    lines, names = shown(table), map(method_name, order)
    return [(name, own) for name in names if (own := [line[1:] for line in lines if line[0] == name])]


def _front(result: Result, rows: Sequence[Row], front: Pareto) -> dict[str, Any]:
    """The front in words, and what the script is told of it."""
    from markupsafe import Markup

    bend = knee(result)
    return {
        "front": front,
        "on_front": ON_FRONT,
        "knee": next((row for row in rows if row.point is bend), None),
        "areas": hypervolumes(result),
        "front_data": Markup(inline.json_text(hover(result, front)._asdict())),  # escaped as a script needs it
    }


def _pictures(pictures: Pictures, extras: Extras) -> dict[str, Any]:
    return {
        "drawn": drawn(pictures),
        "heat": pictures.schedules,
        "ladder": pictures.ladder,
        "shown": extras.removed,
        "styles": KEYS,
    }


def _shell() -> dict[str, Any]:
    """Style and script, and the promise that nothing else is loaded or run."""
    from markupsafe import Markup

    script = inline.script()
    return {"style_sheet": Markup(inline.style_sheet()), "script": Markup(script), "policy": inline.policy(script)}
