"""The table of an ablation: on the screen, and in files for programs, papers and pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tldr_search.ablation.result import AblationResult
from tldr_search.config import LABEL_FREE
from tldr_search.config.ablation import WHERE
from tldr_search.report.ablation.rows import Row, rows
from tldr_search.report.compare import interval, test_name
from tldr_search.report.markup import Column, Estimate, Table, change, decimals, gflops_column, p_columns, schedule_column, score
from tldr_search.report.terminal import aligned, filled, plain
from tldr_search.report.words import (
    SHAPES,
    correction_text,
    cost_text,
    method_name,
    metric_name,
    p_text,
    samples_text,
    sentence,
    signed,
    twin_text,
)

DECIMALS = 4


def table(result: AblationResult, found: Sequence[Row]) -> Table:
    """The unreduced model, then every variant."""
    columns = (
        Column("variant", "variant", is_text=True),
        Column("method", "method", is_text=True, for_programs=True),
        schedule_column(),
        Column("evaluated", "evaluated schedule", is_text=True, for_programs=True),
        gflops_column(),
        Column("percent_of_base", "% of unreduced", decimals(1)),
        Column("score", f"{metric_name(result.objective)} (%)", score),
        Column("to_base", "vs unreduced", change),
        *p_columns(),
    )
    base = ("unreduced", "none", None, None, result.base.gflops, 100.0, _estimate(result), None, None, None)
    body = (
        (
            label(result, row),
            row.measured.point.method,
            row.measured.point.schedule,
            row.measured.point.evaluated,
            row.measured.point.gflops,
            row.percent_of_base,
            Estimate(row.measured.point.score, *row.ci95),
            Estimate(row.to_base.points, row.to_base.low, row.to_base.high),
            row.to_base.p,
            row.to_base.p_holm,
        )
        for row in found
    )
    missing = f" Left out: {'; '.join(result.left_out)}." if result.left_out else ""
    return Table(f"ablation_{result.what}", reading(result) + missing, columns, (base, *body))


def label(result: AblationResult, row: Row) -> str:
    """A variant in words."""
    line, place = row.measured.line, row.measured.place
    return f"{method_name(line)}, {f'layer {place}' if result.what == WHERE else SHAPES.get(place, place)}"


def screen(result: AblationResult) -> str:
    """In the width of the terminal: the table, how to read it, what was left out."""
    low, high = interval(result.base.sampled)
    lines = [["variant", "GFLOPs", "% of\nunreduced", "score [95 %]", "vs unreduced [95 %]", "p"]]
    lines += [["unreduced", cost_text(result.base.gflops), "100.0", f"{result.base.score:.1f} [{low:.1f}, {high:.1f}]", "", ""]]
    lines += [_cells(result, row) for row in rows(result)]
    missing = [filled(f"left out: {line}", indent="  ") for line in result.left_out]
    parts = ["\n".join(aligned(lines, [True] + [False] * 5)), filled(reading(result)), "\n".join(missing)]
    return plain("\n\n".join(filter(None, parts)))


def _cells(result: AblationResult, row: Row) -> list[str]:
    point, (low, high), to_base = row.measured.point, row.ci95, row.to_base
    return [
        label(result, row),
        cost_text(point.gflops),
        f"{row.percent_of_base:.1f}",
        f"{point.score:.1f} [{low:.1f}, {high:.1f}]",
        f"{signed(to_base.points)} [{signed(to_base.low)}, {signed(to_base.high)}]",
        p_text(to_base.p_holm),
    ]


def reading(result: AblationResult) -> str:
    """What was measured, in sentences."""
    test = test_name(point.sampled for point in (result.base, *(v.point for v in result.variants))) + correction_text(
        len(result.variants), "variants"
    )
    against = "the unreduced model scores 100 by definition" if result.objective in LABEL_FREE else f"p: {test}"
    samples = samples_text(result.num_samples, result.num_videos)
    return " ".join(
        (
            sentence(result.asked),
            sentence(twin_text(result.model, result.cost_model)),
            f"Score: {metric_name(result.objective)} (%) on the {samples} of the {result.split} split of {result.benchmark}.",
            f"Against the unreduced model: points, paired by video; {against}.",
        )
    )


def summary(result: AblationResult) -> dict[str, Any]:
    """For programs: numbers rounded to four decimals, p-values as they are."""
    return {
        "what": result.what,
        "model": result.model,
        "cost_model": result.cost_model,
        "benchmark": result.benchmark,
        "split": result.split,
        "objective": result.objective,
        "asked": result.asked,
        "num_samples": result.num_samples,
        "num_videos": result.num_videos,
        "base": {"gflops": _round(result.base.gflops), "score": _round(result.base.score), "ci95": _both(interval(result.base.sampled))},
        "variants": [_record(row) for row in rows(result)],
        "left_out": list(result.left_out),
        "seconds": result.seconds,
    }


def _record(row: Row) -> dict[str, Any]:
    point, to_base = row.measured.point, row.to_base
    return {
        "line": row.measured.line,
        "place": row.measured.place,
        "method": point.method,
        "schedule": list(point.schedule),
        "evaluated": list(point.evaluated),
        "gflops": _round(point.gflops),
        "score": _round(point.score),
        "ci95": _both(row.ci95),
        "to_base": {
            **{name: _round(getattr(to_base, name)) for name in ("points", "low", "high")},
            "p": to_base.p,
            "p_holm": to_base.p_holm,
        },
    }


def _estimate(result: AblationResult) -> Estimate:
    return Estimate(result.base.score, *interval(result.base.sampled))


def _both(values: tuple[float, float]) -> list[float]:
    return [_round(value) for value in values]


def _round(value: float) -> float:
    return round(value, DECIMALS)
