"""The tables at the end of a study, for a terminal: plain ASCII, at most 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tldr_search.config import LABEL_FREE
from tldr_search.cost import COUNTED, UNITS
from tldr_search.report.effort import effort, effort_text
from tldr_search.report.equal_cost import Line, equal_cost
from tldr_search.report.quality import hypervolumes, knee
from tldr_search.report.rows import Row, at_budget, baselines_at, methods, random_at, rows
from tldr_search.report.words import (
    SAME_SPLIT,
    amount_text,
    constraints_text,
    correction_text,
    corrections_text,
    cost_text,
    metric_name,
    p_text,
    paired_test,
    schedule_text,
    sentence,
    shapes_text,
    signed,
    twin_text,
)
from tldr_search.study.result import Result

WIDTH = 100
GAP = "  "
NOTES = 5
"""Notes of the study that are shown; the page has them all."""


def screen_table(result: Result) -> str:
    """What was found at the budget, every method with every schedule there, every rung of the ladder, then how to read it."""
    table = rows(result)
    warning = [f"WARNING: {SAME_SPLIT}."] if result.same_split else []
    parts = [*warning, _winners(result, table), _schedules(result, table), *_equal_cost(result, table), *_ladder(result, table)]
    return "\n\n".join([*parts, _reading(result, table), *_notes(result)])


def aligned(lines: Sequence[Sequence[str]], left: Sequence[bool]) -> list[str]:
    """Columns as wide as their widest cell, flush left or right, without spaces at the ends of lines."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        GAP.join(c.ljust(w) if flush else c.rjust(w) for c, w, flush in zip(line, widths, left, strict=True)).rstrip() for line in lines
    ]


def _shown(result: Result, table: Sequence[Row]) -> list[Row]:
    return [table[0], *at_budget(table, result.budget), *baselines_at(table, result.budget)]


def _winners(result: Result, table: Sequence[Row]) -> str:
    constant = ["vs const r", "p"] if result.known else []
    prices = [UNITS[unit] for unit in dict.fromkeys((result.unit, COUNTED))]
    lines = [["method", *prices, "% of base", "score [95 %]", "vs base", "p", *constant]]
    lines += [_cells(row, len(prices), len(constant)) for row in _shown(result, table)]
    return "\n".join(aligned(lines, [True] + [False] * (len(lines[0]) - 1)))


def _cells(row: Row, num_prices: int, num_constant: int) -> list[str]:
    low, high = row.ci95
    prices = [cost_text(row.point.price), cost_text(row.point.gflops)][:num_prices]
    score = f"{row.point.score:.1f} [{low:.1f}, {high:.1f}]"
    against = ["", ""] if row.to_base is None else [signed(row.to_base.points), p_text(row.to_base.p_holm)]
    return [_name(row), *prices, f"{row.percent_of_base:.1f}", score, *against, *_to_constant(row)[:num_constant]]


def _name(row: Row) -> str:
    return "unreduced" if row.role == "base" else row.point.method


def _to_constant(row: Row) -> list[str]:
    if row.to_constant is None:
        return ["-", "-"] if row.role == "winner" else ["", ""]
    return ["is const r" if row.is_constant else signed(row.to_constant.points), p_text(row.to_constant.p_holm)]


def _schedules(result: Result, table: Sequence[Row]) -> str:
    """As `--schedule` takes them, broken after commas."""
    shown = _shown(result, table)[1:]
    width = max(len(_name(row)) for row in shown)
    lines = [f"{'':<{width}}{GAP}schedule (as --schedule takes it, for {result.cost_model})"]
    for row in shown:
        parts = _schedule_lines(row, WIDTH - width - len(GAP))
        lines += [f"{name:<{width}}{GAP}{part}" for name, part in zip((_name(row), *[""] * (len(parts) - 1)), parts, strict=True)]
    return "\n".join(line.rstrip() for line in lines)


def _schedule_lines(row: Row, width: int) -> list[str]:
    """Broken after commas; then what it is, if it is a known shape."""
    parts = textwrap.wrap(schedule_text(row.point.schedule).replace(",", ", "), width, break_long_words=False)
    lines = [part.replace(", ", ",") for part in parts]
    note = f"{GAP}(is {shapes_text(row.shapes)})".replace("’", "'") if row.shapes else ""
    return [*lines[:-1], lines[-1] + note] if len(lines[-1] + note) <= width else [*lines, note]


def _equal_cost(result: Result, table: Sequence[Row]) -> list[str]:
    """Methods x schedules at one cost, as scores and half their intervals."""
    found = equal_cost(result, table)
    if found is None:
        return []
    lines = [["method", "searched", *found.shapes, "vs best shape", "p"], *map(_equal_cost_cells, found.lines)]
    heading = textwrap.fill(
        f"Methods at equal cost ({amount_text(result.budget, result.unit)}), each with its searched schedule and with known shapes: "
        f"{metric_name(result.objective)} (%), half the 95 % interval in brackets, * the best of its line. "
        f"vs best shape: searched minus the shape that did best here{correction_text(found.num_tests, 'methods')}:",
        WIDTH,
    )
    return ["\n".join([heading, *aligned(lines, [True] + [False] * (len(lines[0]) - 1))])]


def _equal_cost_cells(line: Line) -> list[str]:
    cells = ["-" if cell is None else _score_cell(cell, line.is_best(cell)) for cell in line.cells]
    if line.same_schedule:
        return [line.method, *cells, "same schedule", ""]
    against = ["-", "-"] if line.to_known is None else [signed(line.to_known.points), p_text(line.to_known.p_holm)]
    return [line.method, *cells, *against]


def _score_cell(row: Row, best: bool) -> str:
    low, high = row.ci95
    return f"{row.point.score:.1f} ({(high - low) / 2:.1f}){'*' if best else ' '}"


def _ladder(result: Result, table: Sequence[Row]) -> list[str]:
    """Scores of all methods at all rungs, and how far the best of the search split is before constant r and random dropping."""
    rungs = sorted({p.budget for p in result.winners}, reverse=True)
    if len(rungs) < 2:
        return []
    names = methods(result.winners)
    rivals = [*(["vs const r", "p"] if result.known else []), *(["random", "vs random", "p"] if result.baselines else [])]
    lines = [[UNITS[result.unit], "% of base", *names, *rivals], *(_rung(result, table, rung, names) for rung in rungs)]
    best = f"the method that was best on the {result.search_split} split" if len(names) > 1 else names[0]
    reading = f" (vs: {best}; p{correction_text(len(result.winners), 'winners')})" if rivals else ""
    heading = textwrap.fill(f"{metric_name(result.objective)} (%) at every cost{reading}:", WIDTH)
    return ["\n".join([heading, *aligned(lines, [False] * len(lines[0]))])]


def _rung(result: Result, table: Sequence[Row], rung: float, names: Sequence[str]) -> list[str]:
    winners = {r.point.method: r for r in at_budget(table, rung)}
    best = next(iter(winners.values()))
    cells = [cost_text(rung), f"{100 * rung / result.base.price:.1f}"]
    cells += [f"{winners[name].point.score:.1f}" if name in winners else "-" for name in names]
    if result.known:
        cells += _to_constant(best)
    if result.baselines:
        random, against = random_at(result, rung), best.to_random
        cells += (
            ["-", "-", "-"]
            if random is None or against is None
            else [f"{random.score:.1f}", signed(against.points), p_text(against.p_holm)]
        )
    return cells


def _reading(result: Result, table: Sequence[Row]) -> str:
    winners = at_budget(table, result.budget)
    best = (
        f"Best method, here first: {winners[0].point.method}, chosen on the {result.search_split} split like every schedule."
        if len(winners) > 1
        else ""
    )
    seen = f"{SAME_SPLIT}." if result.same_split else "which the search did not see."
    against = "the unreduced model scores 100 by definition" if result.objective in LABEL_FREE else "points against the unreduced model"
    num_tests = len(result.winners), len(result.baselines)
    sentences = [
        sentence(twin_text(result.model, result.cost_model)),
        f"Budget: {amount_text(result.budget, result.unit)}.",
        f"Score: {metric_name(result.objective)} (%) on the {len(result.base.outcomes)} samples of the {result.report_split} split, {seen}",
        best,
        f"vs base: {against}; p: {paired_test(result.objective)}{corrections_text(*num_tests, 'winners (methods x costs)')}.",
        f"Searched: {effort_text(effort(result))}.",
        _knee(result),
        f"Hypervolume (% of unreduced cost x 100 %, by the lines alone, without known shapes): {_areas(result)}.",
        f"Schedules held to: {constraints_text(result.constraints)}." if result.constraints else "",
    ]
    return textwrap.fill(" ".join(filter(None, sentences)), WIDTH)


def _areas(result: Result) -> str:
    return ", ".join(f"{h.method} {h.percent:.1f}" for h in hypervolumes(result))


def _knee(result: Result) -> str:
    """Empty where the front has none."""
    found = knee(result)
    if found is None:
        return ""
    name = "the unreduced model" if found.method == "none" else found.method
    if found in result.known:
        shape = shapes_text((found.origin,)).replace("’", "'")
        name += f" with {shape}, a known shape,"
    return f"Knee of the front: {name} at {amount_text(found.price, result.unit)}, {found.score:.1f} %."


def _notes(result: Result) -> list[str]:
    if not result.notes:
        return []
    more = len(result.notes) - NOTES
    lines = [*result.notes[:NOTES], *([f"and {more} more, in report.html"] if more > 0 else [])]
    return ["Notes:\n" + "\n".join(textwrap.fill(line, WIDTH, initial_indent="- ", subsequent_indent="  ") for line in lines)]
