"""The tables at the end of a study, for a terminal: in its width, what is ours in ASCII."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tldr_search.config import LABEL_FREE
from tldr_search.cost import COUNTED, UNITS
from tldr_search.report.corrections import corrections_text, test_of
from tldr_search.report.effort import effort, effort_text
from tldr_search.report.equal_cost import Line, equal_cost
from tldr_search.report.quality import hypervolumes, knee
from tldr_search.report.rows import Row, at_budget, baselines_at, methods, random_at, rows
from tldr_search.report.terminal import GAP, aligned, filled, plain, width
from tldr_search.report.words import (
    SAME_SPLIT,
    amount_text,
    constraints_text,
    correction_text,
    cost_text,
    metric_name,
    p_text,
    samples_text,
    schedule_text,
    sentence,
    shapes_text,
    signed,
    twin_text,
)
from tldr_search.study.result import Result

NOTES = 5
"""Notes of the study that are shown; the page has them all."""
SHAPE_HEADS = {"vid-tldr": "vid-tldr\nshape", "constant": "const r", "sta": "sta\nshape", "decreasing": "decreasing"}
"""Known shapes by their origin, short, and unlike the methods beside them."""


def screen_table(result: Result) -> str:
    """What was found at the budget, every method with every schedule there, every rung of the ladder, then how to read it."""
    table = rows(result)
    warning = [f"WARNING: {SAME_SPLIT}."] if result.same_split else []
    parts = [*warning, _winners(result, table), _schedules(result, table), *_equal_cost(result, table), *_ladder(result, table)]
    return plain("\n\n".join([*parts, _reading(result, table), *_notes(result)]))


def _shown(result: Result, table: Sequence[Row]) -> list[Row]:
    return [table[0], *at_budget(table, result.budget), *baselines_at(table, result.budget)]


def _winners(result: Result, table: Sequence[Row]) -> str:
    constant = ["vs\nconst r", "p"] if result.known else []
    prices = [UNITS[unit] for unit in dict.fromkeys((result.unit, COUNTED))]
    lines = [["method", *prices, "% of\nunreduced", "score [95 %]", "vs\nunreduced", "p", *constant]]
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
    if row.is_constant:
        return ["is const r", ""]
    if row.to_constant is None:
        return ["-", "-"] if row.role == "winner" else ["", ""]
    return [signed(row.to_constant.points), p_text(row.to_constant.p_holm)]


def _schedules(result: Result, table: Sequence[Row]) -> str:
    """As `--schedule` takes them, broken after commas."""
    shown = _shown(result, table)[1:]
    first = max(len(_name(row)) for row in shown)
    lines = [f"{'':<{first}}{GAP}schedule (as --schedule takes it, for {result.cost_model})"]
    for row in shown:
        parts = _schedule_lines(row, width() - first - len(GAP))
        lines += [f"{name:<{first}}{GAP}{part}" for name, part in zip((_name(row), *[""] * (len(parts) - 1)), parts, strict=True)]
    return "\n".join(line.rstrip() for line in lines)


def _schedule_lines(row: Row, room: int) -> list[str]:
    """Broken after commas; then what it is, if it is a known shape."""
    parts = textwrap.wrap(schedule_text(row.point.schedule).replace(",", ", "), max(room, 1), break_long_words=False)
    lines = [part.replace(", ", ",") for part in parts]
    note = f"{GAP}(is {shapes_text(row.shapes)})" if row.shapes else ""
    return [*lines[:-1], lines[-1] + note] if len(lines[-1] + note) <= room else [*lines, note]


def _equal_cost(result: Result, table: Sequence[Row]) -> list[str]:
    """Methods x schedules at one cost, as scores and half their intervals."""
    found = equal_cost(result, table)
    if found is None:
        return []
    heads = (SHAPE_HEADS.get(shape, f"{shape}\nshape") for shape in found.shapes)
    lines = [["method", "searched", *heads, "vs best\nshape", "p"], *map(_equal_cost_cells, found.lines)]
    heading = filled(
        f"Methods at equal cost ({amount_text(result.budget, result.unit)}), each with its searched schedule and with known shapes: "
        f"{metric_name(result.objective)} (%), half the 95 % interval in brackets, * the best of its line. "
        f"vs best shape: searched minus the shape that did best here, `same` where that is its schedule"
        f"{correction_text(found.num_tests, 'methods')}:"
    )
    return ["\n".join([heading, *aligned(lines, [True] + [False] * (len(lines[0]) - 1))])]


def _equal_cost_cells(line: Line) -> list[str]:
    cells = ["-" if cell is None else _score_cell(cell, line.is_best(cell)) for cell in line.cells]
    if line.same_schedule:
        return [line.method, *cells, "same", ""]
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
    rivals = [*(["vs\nconst r", "p"] if result.known else []), *(["random", "vs\nrandom", "p"] if result.baselines else [])]
    lines = [
        [UNITS[result.unit], "% of\nunreduced", *(name.replace(":", ":\n") for name in names), *rivals],
        *(_rung(result, table, rung, names) for rung in rungs),
    ]
    best = f"the method that was best on the {result.search_split} split" if len(names) > 1 else names[0]
    kinds = [*(["to_constant"] if result.known else []), *(["to_random"] if result.baselines else [])]
    reading = f" (vs: {best}; p{corrections_text(table, kinds, ('winner',))})" if rivals else ""
    heading = filled(f"{metric_name(result.objective)} (%) at every cost{reading}:")
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
    kinds = ("to_base", "to_constant") if result.known else ("to_base",)
    samples = samples_text(result.num_samples, result.num_videos)
    sentences = [
        sentence(twin_text(result.model, result.cost_model, result.unit)),
        f"Budget: {amount_text(result.budget, result.unit)}.",
        f"Score: {metric_name(result.objective)} (%) on the {samples} of the {result.report_split} split of {result.benchmark}, {seen}",
        best,
        f"vs unreduced: {against}; p: {test_of(result)}{corrections_text(table, kinds)}.",
        f"Searched: {effort_text(effort(result))}.",
        _knee(result),
        f"Hypervolume (% of unreduced cost x 100 %, by the lines alone, without known shapes): {_areas(result)}.",
        f"Schedules held to: {constraints_text(result.constraints)}." if result.constraints else "",
    ]
    return filled(" ".join(filter(None, sentences)))


def _areas(result: Result) -> str:
    return ", ".join(f"{h.method} {h.percent:.1f}" for h in hypervolumes(result))


def _knee(result: Result) -> str:
    """Empty where the front has none."""
    found = knee(result)
    if found is None:
        return ""
    name = "the unreduced model" if found.method == "none" else found.method
    if found in result.known:
        name += f" with {shapes_text((found.origin,))}, a known shape,"
    return f"Knee of the front: {name} at {amount_text(found.price, result.unit)}, {found.score:.1f} %."


def _notes(result: Result) -> list[str]:
    if not result.notes:
        return []
    more = len(result.notes) - NOTES
    lines = [*result.notes[:NOTES], *([f"and {more} more, in report.html"] if more > 0 else [])]
    return ["Notes:\n" + "\n".join(filled(f"- {line}", indent="  ") for line in lines)]
