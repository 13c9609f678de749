"""A comparison as a table and as JSON, and on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tldr_search.cost import UNITS
from tldr_search.report.compare import Difference, test_name
from tldr_search.report.markup import Cell, Column, Estimate, Table, change, gflops_column, p_columns, score, yes
from tldr_search.report.markup import decimals as to_decimals
from tldr_search.report.several.comparison import Between, Comparison, Dot, Series, Shown
from tldr_search.report.several.fronts import lines as fronts_lines
from tldr_search.report.several.fronts import record
from tldr_search.report.several.runs import Panel
from tldr_search.report.several.wording import averaged, brackets, warning
from tldr_search.report.tables import difference_record
from tldr_search.report.terminal import aligned, filled, plain
from tldr_search.report.words import amount_text, cost_text, method_name, metric_name, p_text, schedule_text, sentence, signed

UNPAIRED = "not the same samples as those of {first}, or other answers of the unreduced model on them: cannot be paired"


def table(comparison: Comparison) -> Table:
    """One row per panel, series, method and rung."""
    columns = (
        Column("panel", "panel", is_text=True, part=0.09),
        Column("task", "task", is_text=True, for_programs=True),
        Column("objective", "score", metric_name, is_text=True, part=0.08),
        Column("split", "split", is_text=True, for_programs=True),
        Column("runs", "run", is_text=True, part=0.08),
        Column("seeds", "seeds", is_text=True, for_programs=True),
        Column("num_runs", "runs", repeats=True),
        Column("method", "method", method_name, is_text=True, part=0.1),
        Column("searched", "searched", yes, is_text=True, repeats=True),
        Column("unit", "unit", lambda unit: UNITS[unit], is_text=True),
        Column("budget", "budget", cost_text),
        Column("price", "price", cost_text, for_programs=True),
        gflops_column()._replace(for_programs=True),
        Column("percent_of_base", "% of unreduced", to_decimals(1), repeats=True),
        Column("score", "%", score),
        Column("to_base", "vs unreduced", change),
        *p_columns("to_base_"),
        Column("to_first", "vs first run", change),
        *p_columns("to_first_"),
        Column("schedules", "schedule", is_text=True, is_long=True, part=0.11),
    )
    lines = tuple(line for shown in comparison.panels for series in shown.series for line in _lines(shown, series))
    said = warning(comparison)
    return Table("comparison", f"Warning: {said}. {caption(comparison)}" if said else caption(comparison), columns, lines)


def caption(comparison: Comparison) -> str:
    """What was averaged and compared, in sentences."""
    tests = dict.fromkeys(map(panel_test, comparison.panels))
    between = ", against the first run of a panel over all of the panel" if any(s.between for s in comparison.panels) else ""
    parts = [
        f"{len(comparison.runs)} runs compared.",
        averaged(comparison).strip(),
        sentence(brackets(comparison)),
        f"p: {' or '.join(tests)} (paired by video), by Holm over the schedules of a run{between}.",
        *(f"{label}: {UNPAIRED.format(first=shown.series[0].label)}." for shown in comparison.panels for label in shown.unpaired),
    ]
    return " ".join(filter(None, parts))


def panel_test(shown: Shown) -> str:
    """What the p-values of a panel are from."""
    return test_name(dot.sampled for series in shown.series for dot in (series.base, *series.dots) if dot.sampled)


def panels_document(comparison: Comparison) -> list[dict[str, Any]]:
    """Panel by panel, as JSON."""
    return [_panel(shown) for shown in comparison.panels]


def document(comparison: Comparison) -> dict[str, Any]:
    """What `comparison.json` holds."""
    runs = [
        {
            "run": run.label,
            "path": str(run.path),
            "seed": run.result.seed,
            "command": run.result.command,
            "same_split": run.result.same_split,
            "versions": dict(run.result.versions),
        }
        for run in comparison.runs
    ]
    return {"caption": caption(comparison), "warning": warning(comparison), "runs": runs, "panels": panels_document(comparison)}


def screen(comparison: Comparison) -> str:
    """Every panel at the budgets of its runs, in the width of the terminal, what is ours in ASCII."""
    said = warning(comparison)
    parts = [*([filled(f"WARNING: {said}.")] if said else []), *(part for s in comparison.panels for part in _screen(s))]
    return plain("\n\n".join([*parts, filled(caption(comparison))]))


def at_budget(series: Series) -> list[Dot]:
    """The unreduced model, and what was measured at the budget asked for."""
    found = [series.at(method, searched, series.budget) for method, searched in series.methods]
    return [series.base, *(dot for dot in found if dot is not None)]


def falling(series: Series) -> list[Dot]:
    """The unreduced model, then method by method what was measured, by falling cost."""
    order = list(series.methods)
    return [series.base, *sorted(series.dots, key=lambda dot: (order.index((dot.method, dot.searched)), -dot.budget))]


def score_text(dot: Dot) -> str:
    """`70.3 [69.0, 71.3]`; seeds that all agree have no interval."""
    return f"{dot.score:.1f}" if dot.num_runs > 1 and dot.low == dot.high else score(Estimate(dot.score, dot.low, dot.high))


def between_of(shown: Shown, series: Series, dot: Dot) -> Difference | None:
    """Against the first series of the panel."""
    return next((b.difference for b in shown.between if b.label == series.label and b.dot == dot), None)


def _lines(shown: Shown, series: Series) -> Iterator[tuple[Cell, ...]]:
    panel = shown.panel
    about = (panel.title, panel.task, panel.objective, panel.report_split, series.label, " ".join(map(str, series.seeds)))
    for dot in falling(series):
        yield (
            *about,
            dot.num_runs,
            dot.method,
            dot.searched,
            panel.unit,
            *(dot.budget, dot.price, dot.gflops, dot.percent_of_base),
            Estimate(dot.score, dot.low, dot.high),
            *_difference(dot.to_base),
            *_difference(between_of(shown, series, dot)),
            "; ".join(dict.fromkeys(map(schedule_text, dot.schedules))) or None,
        )


def _difference(value: Difference | None) -> tuple[Estimate | None, float | None, float | None]:
    return (None, None, None) if value is None else (Estimate(value.points, value.low, value.high), value.p, value.p_holm)


def _panel(shown: Shown) -> dict[str, Any]:
    panel = shown.panel._asdict() | {"title": shown.panel.title}
    panel |= {name: dict(getattr(shown.panel, name)) for name in ("overrides", "evaluated_overrides")}
    series = [
        {
            "label": one.label,
            "runs": [run.label for run in one.runs],
            "seeds": list(one.seeds),
            "budget": one.budget,
            "base": _record(one.base),
            "points": [_record(dot) for dot in one.dots],
            **record(one),
        }
        for one in shown.series
    ]
    return {**panel, "series": series, "differences": [_between(b) for b in shown.between], "unpaired": list(shown.unpaired)}


def _record(dot: Dot) -> dict[str, Any]:
    """Without the outcomes; the interval is named for what it is."""
    kept = ("method", "searched", "budget", "price", "gflops", "percent_of_base", "score", "num_runs")
    return {
        **{name: getattr(dot, name) for name in kept},
        ("ci95" if dot.num_runs == 1 else "range"): [dot.low, dot.high],
        "schedules": [list(schedule) for schedule in dot.schedules],
        "to_base": difference_record(dot.to_base),
    }


def _between(found: Between) -> dict[str, Any]:
    dot = {"method": found.dot.method, "searched": found.dot.searched, "budget": found.dot.budget}
    return {"runs": found.label, "reference": found.reference, **dot, "difference": difference_record(found.difference)}


def _screen(shown: Shown) -> Iterator[str]:
    yield filled(panel_name(shown.panel))
    for series in shown.series:
        heads = ["method", UNITS[shown.panel.unit], "% of\nunreduced", "score", "vs\nunreduced", "p", *_heads(shown, series)]
        lines = [heads, *(_cells(shown, series, dot) for dot in at_budget(series))]
        name = filled(f"{series.label}, budget {amount_text(series.budget, shown.panel.unit)}")
        yield "\n".join([name, *aligned(lines, [True] + [False] * (len(heads) - 1)), filled(fronts_lines(series))])


def _heads(shown: Shown, series: Series) -> list[str]:
    return ["vs first\nrun", "p"] if _is_paired(shown, series) else []


def _is_paired(shown: Shown, series: Series) -> bool:
    return any(b.label == series.label for b in shown.between)


def _cells(shown: Shown, series: Series, dot: Dot) -> list[str]:
    name = "unreduced" if dot.method == "none" else dot.method
    cells = [name, cost_text(dot.price), f"{dot.percent_of_base:.1f}", score_text(dot), *_change(dot.to_base)]
    return cells + (_change(between_of(shown, series, dot)) if _is_paired(shown, series) else [])


def _change(value: Difference | None) -> list[str]:
    return ["", ""] if value is None else [signed(value.points), p_text(value.p_holm)]


def panel_name(panel: Panel) -> str:
    """For a heading."""
    return f"{panel.title}, {metric_name(panel.objective)}, {panel.report_split} split"
