"""`front.csv` and `front.json`: everything measured on the report split, for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from tldr_search.report.compare import Difference
from tldr_search.report.equal_cost import equal_cost
from tldr_search.report.rows import Row
from tldr_search.report.words import schedule_text
from tldr_search.study.result import Result

DECIMALS = 4


def record(row: Row) -> dict[str, Any]:
    """A row as JSON: numbers rounded to four decimals, p-values as they are."""
    point = row.point
    return {
        "role": row.role,
        "method": point.method,
        "budget": _round(point.budget),
        "gflops": _round(point.gflops),
        "price": _round(point.price),
        "percent_of_base": _round(row.percent_of_base),
        "score": _round(point.score),
        "ci95": [_round(x) for x in row.ci95],
        "on_front": row.on_front,
        "to_base": difference_record(row.to_base),
        "to_constant": difference_record(row.to_constant),
        "is_constant": row.is_constant,
        "to_random": difference_record(row.to_random),
        "schedule": list(point.schedule),
        "evaluated": list(point.evaluated),
        "origin": point.origin,
        "num_videos": point.num_videos,
        "search_score": _round(row.search_score),
        "metrics": {name: _round(value) for name, value in point.metrics.items()},
    }


def difference_record(value: Difference | None) -> dict[str, float | None] | None:
    """A difference as JSON: points rounded to four decimals, the p-values (on its own, after Holm) as they are, None for none."""
    if value is None:
        return None
    points = {"points": value.points, "low": value.low, "high": value.high}
    return {**{name: round(x, DECIMALS) for name, x in points.items()}, "p": value.p, "p_holm": value.p_holm}


def document(result: Result, rows: Sequence[Row]) -> dict[str, Any]:
    """What `front.json` holds: what was measured, then one record per row."""
    return {
        "name": result.name,
        "model": result.model,
        "cost_model": result.cost_model,
        "benchmark": result.benchmark,
        "objective": result.objective,
        "split": result.report_split,
        "same_split": result.same_split,
        "num_samples": result.num_samples,
        "num_videos": result.num_videos,
        "unit": result.unit,
        f"budget_{result.unit}": result.budget,
        "base_gflops": _round(result.base.gflops),
        f"base_{result.unit}": _round(result.base.price),
        "constraints": dict(result.constraints),
        "seed": result.seed,
        "notes": list(result.notes),
        "equal_cost": _equal_cost(result, rows),
        "points": [record(r) for r in rows],
    }


def _equal_cost(result: Result, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Per searched method: how far its own schedule is before the known shape that did best at the budget, if it is another one."""
    found = equal_cost(result, rows)
    lines = [line for line in found.lines if line.to_known or line.same_schedule] if found else []
    return [
        {
            "method": line.method,
            "best_shape": line.rival,
            "same_schedule": line.same_schedule,
            "to_best_shape": difference_record(line.to_known),
        }
        for line in lines
    ]


def front_json(result: Result, rows: Sequence[Row]) -> str:
    """The text of `front.json`."""
    return json.dumps(document(result, rows), indent=1) + "\n"


def front_csv(rows: Sequence[Row]) -> str:
    """The text of `front.csv`: the same records, flat."""
    flat = [_flat(r) for r in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def _flat(row: Row) -> dict[str, Any]:
    """One record without nesting; schedules are written as `--schedule` takes them."""
    fields = record(row)
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "ci95":
            flat |= {"ci95_low": value[0], "ci95_high": value[1]}
        elif name in ("to_base", "to_constant", "to_random"):
            value = value or dict.fromkeys(Difference._fields, "")
            flat |= {f"{name}_{k}": "" if v is None else v for k, v in value.items()}
        elif name in ("schedule", "evaluated"):
            flat[name] = schedule_text(value)
        elif name == "metrics":
            flat |= value
        else:
            flat[name] = "" if value is None else value
    return flat


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
