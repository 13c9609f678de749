"""The fronts of a comparison as a whole, as a table: one line per run or group of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tldr_search.report.markup import Cell, Column, Estimate, Table, score
from tldr_search.report.quality import Hypervolume
from tldr_search.report.several.areas import knees_text
from tldr_search.report.several.comparison import Comparison, Series, Shown
from tldr_search.report.several.wording import scores_span
from tldr_search.report.words import method_name
from tldr_search.study.result import Point

Key = tuple[str, bool]
"""Method, and whether it was searched."""
RUN = Column("runs", "run", is_text=True)


def table(comparison: Comparison) -> Table:
    """Of all panels."""
    first = Column("panel", "panel", is_text=True), RUN, Column("seeds", "seeds", is_text=True, for_programs=True)
    names = _names(comparison.panels)
    rows = (
        (shown.panel.title, series.label, " ".join(map(str, series.seeds)), *_values(series, names))
        for shown in comparison.panels
        for series in shown.series
    )
    return Table("comparison_fronts", caption(comparison), (*first, *_columns(names)), tuple(rows))


def panel_table(comparison: Comparison, shown: Shown) -> Table:
    """Of one, for people: the run, its hypervolumes, its knee."""
    names = _names([shown])
    rows = tuple((series.label, *_values(series, names)) for series in shown.series)
    return Table("comparison_fronts", caption(comparison), (RUN, *_columns(names)), rows)


def caption(comparison: Comparison) -> str:
    """What is counted, in sentences."""
    return (
        "Hypervolume (%): the area that the schedules of a method dominate, in per cent of the rectangle from 0 to the unreduced model’s "
        f"cost and from 0 to 100 %; known shapes are not counted. In brackets: {scores_span(comparison)}. Knee: of the front of "
        "everything measured on the report split, the point farthest above the straight line between its ends."
    )


def record(series: Series) -> dict[str, Any]:
    """As JSON; the interval is named for what it is."""
    span = "ci95" if len(series.runs) == 1 else "range"
    return {
        "hypervolumes": [{"method": a.method, "searched": a.searched, "percent": a.percent, span: [a.low, a.high]} for a in series.areas],
        "knees": [{"run": knee.run, "seed": knee.seed, **_place(knee.point)} for knee in series.knees],
    }


def lines(series: Series) -> str:
    """For the screen, in one paragraph."""
    found = ", ".join(f"{_name((a.method, a.searched))} {_area(a, len(series.runs))}" for a in series.areas)
    return f"hypervolume (%): {found}; knee: {knees_text(series.knees)}"


def _area(area: Hypervolume, num_runs: int) -> str:
    """Seeds that all agree have no interval."""
    return f"{area.percent:.1f}" if num_runs > 1 and area.low == area.high else score(Estimate(area.percent, area.low, area.high))


def _place(point: Point | None) -> dict[str, Any]:
    if point is None:
        return {"method": None, "budget": None, "price": None, "score": None, "origin": None}
    return {name: getattr(point, name) for name in ("method", "budget", "price", "score", "origin")}


def _names(panels: Sequence[Shown]) -> list[Key]:
    """Searched ones first."""
    found = dict.fromkeys(key for shown in panels for series in shown.series for key in series.methods)
    return sorted(found, key=lambda key: not key[1])


def _columns(names: Sequence[Key]) -> Iterator[Column]:
    yield from (Column(f"hypervolume_{'' if searched else 'not_searched_'}{m}", _name((m, searched)), score) for m, searched in names)
    yield Column("knee", "knee", is_text=True)


def _values(series: Series, names: Sequence[Key]) -> tuple[Cell, ...]:
    found = {(a.method, a.searched): Estimate(a.percent, a.low, a.high) for a in series.areas}
    return (*(found.get(name) for name in names), knees_text(series.knees))


def _name(key: Key) -> str:
    method, searched = key
    return method_name(method) if searched or method == "random" else f"{method_name(method)}, not searched"
