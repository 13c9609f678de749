"""The tables at the end of a study, for a terminal: plain ASCII, at most 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tldr_search.report.rows import Row, at_budget, methods, random_at, rows, same_rung
from tldr_search.report.words import (
    correction_text,
    cost_text,
    gflops_text,
    metric_name,
    p_text,
    schedule_text,
    sentence,
    signed,
    twin_text,
)
from tldr_search.study.result import Result

WIDTH = 100
GAP = "  "
HEADINGS = ("method", "GFLOPs", "% of base", "score [95 %]", "vs base", "p", "schedule")


def screen_table(result: Result) -> str:
    """What was found at the budget, then every rung of the ladder, then what was measured on which model."""
    table = rows(result)
    parts = [_winners(result, table), *_ladder(result, table), _notes(result, table)]
    return "\n\n".join(parts)


def aligned(lines: Sequence[Sequence[str]], left: Sequence[bool]) -> list[str]:
    """Columns as wide as their widest cell, flush left or right, without spaces at the ends of lines."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        GAP.join(c.ljust(w) if flush else c.rjust(w) for c, w, flush in zip(line, widths, left, strict=True)).rstrip() for line in lines
    ]


def _winners(result: Result, table: Sequence[Row]) -> str:
    baselines = [r for r in table if r.role == "baseline" and same_rung(r.point.budget, result.budget)]
    shown = [table[0], *at_budget(table, result.budget), *baselines]
    cells = [HEADINGS[:-1], *map(_cells, shown)]
    schedules = [HEADINGS[-1], "-", *(schedule_text(r.point.schedule) for r in shown[1:])]
    lines: list[str] = []
    heads = aligned(cells, [True] + [False] * (len(HEADINGS) - 2))
    width = max(map(len, heads))
    for head, schedule in zip(heads, schedules, strict=True):
        first, *rest = _wrapped(schedule, WIDTH - width - len(GAP))
        lines += [f"{head:<{width}}{GAP}{first}", *(" " * width + GAP + more for more in rest)]
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    low, high = row.ci95
    name = "unreduced" if row.role == "base" else row.point.method
    against = ("", "") if row.to_base is None else (signed(row.to_base.points), p_text(row.to_base.p_holm))
    score = f"{row.point.score:.1f} [{low:.1f}, {high:.1f}]"
    return (name, cost_text(row.point.gflops), f"{row.percent_of_base:.1f}", score, *against)


def _wrapped(schedule: str, width: int) -> list[str]:
    """Broken after commas."""
    lines = textwrap.wrap(schedule.replace(",", ", "), width, break_long_words=False)
    return [line.replace(", ", ",") for line in lines]


def _ladder(result: Result, table: Sequence[Row]) -> list[str]:
    """Scores of all methods at all rungs, and the lead over random dropping of the one that was best on the search split."""
    rungs = sorted({p.budget for p in result.winners}, reverse=True)
    if len(rungs) < 2:
        return []
    names = methods(result.winners)
    lines = [("GFLOPs", "% of base", *names, *(["random", "best vs random", "p"] if result.baselines else []))]
    lines += [_rung(result, table, rung, names) for rung in rungs]
    best = f" (best: on the {result.search_split} split; p: Holm over the searched methods)" if result.baselines and len(names) > 1 else ""
    return [f"{metric_name(result.objective)} (%) at every cost{best}:\n" + "\n".join(aligned(lines, [False] * len(lines[0])))]


def _rung(result: Result, table: Sequence[Row], rung: float, names: Sequence[str]) -> tuple[str, ...]:
    winners = {r.point.method: r for r in at_budget(table, rung)}
    cells = [cost_text(rung), f"{100 * rung / result.base.gflops:.1f}"]
    cells += [f"{winners[name].point.score:.1f}" if name in winners else "-" for name in names]
    if not result.baselines:
        return tuple(cells)
    random, lead = random_at(result, rung), next(iter(winners.values())).to_random
    if random is None or lead is None:
        return (*cells, "-", "-", "-")
    return (*cells, f"{random.score:.1f}", signed(lead.points), p_text(lead.p_holm))


def _notes(result: Result, table: Sequence[Row]) -> str:
    methods = at_budget(table, result.budget)
    best = f"Best method, here first: {methods[0].point.method}, chosen on the {result.search_split} split like every schedule. "
    notes = (
        f"{sentence(twin_text(result.model, result.cost_model))} Budget: {gflops_text(result.budget)} GFLOPs. "
        f"Score: {metric_name(result.objective)} (%) on the {len(result.base.outcomes)} samples of the {result.report_split} split, "
        f"which the search did not see. {best if len(methods) > 1 else ''}"
        f"vs base: points against the unreduced model; p: McNemar{correction_text(len(methods))}."
    )
    return textwrap.fill(notes, WIDTH)
