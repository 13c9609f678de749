"""`best.yaml`: the schedules to take away, with what they were measured on and the commands that check them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from tldr_search.report.corrections import corrections_text, test_of
from tldr_search.report.effort import effort
from tldr_search.report.rows import Row, at_budget
from tldr_search.report.tables import difference_record
from tldr_search.report.words import SAME_SPLIT, amount_text, metric_name, samples_text, schedule_text, sentence, twin_text
from tldr_search.study.result import Point, Result


def flops_command(result: Result, point: Point) -> str:
    """What to type to count the schedule's GFLOPs again."""
    frames = result.overrides.get("frames")
    return _command(["flops", result.cost_model, *(["--frames", str(frames)] if frames else [])], point)


def evaluate_command(result: Result, point: Point) -> str:
    """What to type to measure the schedule again; `evaluate` takes it in the cost model's counts, too, and carries it over.

    A model that is its own cost model is not named twice: `--cost-model` would count it as published.
    """
    is_own = (result.model, result.overrides) == (result.cost_model, result.evaluated_overrides)
    words = ["evaluate", "--model", result.model, *([] if is_own else ["--cost-model", result.cost_model])]
    for name, value in result.evaluated_overrides.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    words += ["--benchmark", result.benchmark, "--split", result.report_split, "--task", result.task]
    return _command([*words, *(["--checkpoint", result.checkpoint] if result.checkpoint else [])], point)


def best(result: Result, rows: Sequence[Row]) -> dict[str, Any]:
    """What `best.yaml` holds: the methods at the budget, the best on the search split first."""
    winners = at_budget(rows, result.budget)
    return {
        f"budget_{result.unit}": result.budget,
        "objective": result.objective,
        "same_split": result.same_split,
        "constraints": dict(result.constraints),
        "best": winners[0].point.method,
        "methods": {r.point.method: _entry(result, r) for r in winners},
        "base": {**_costs(result, result.base), "score": round(result.base.score, 4), "ci95": [round(x, 4) for x in rows[0].ci95]},
        "provenance": _provenance(result),
    }


def best_text(result: Result, rows: Sequence[Row]) -> str:
    """The text of `best.yaml`."""
    import yaml

    text = yaml.safe_dump(best(result, rows), sort_keys=False, default_flow_style=None, width=140, allow_unicode=True)
    return _heading(result, rows) + text


def _heading(result: Result, rows: Sequence[Row]) -> str:
    seen = f"{SAME_SPLIT}!" if result.same_split else "which the search did not see."
    corrected = corrections_text(rows, ("to_base", "to_constant"), ("winner",)).removeprefix(", ")
    split = f"the {samples_text(result.num_samples, result.num_videos)} of the {result.report_split} split"
    lines = [
        f"The best schedule of each method at {amount_text(result.budget, result.unit)}.",
        f"Methods are in the order of their scores on the {result.search_split} split, where schedules and the best method were chosen.",
        f"{sentence(twin_text(result.model, result.cost_model, result.unit))}",
        f"`schedule` is in the counts of {result.cost_model}; `evaluated` is what ran, in the counts of {result.model}"
        + (": after each layer the same share of tokens is left." if result.model != result.cost_model else "."),
        f"Scores: {metric_name(result.objective)} in per cent on {split}, {seen}",
        f"p: {test_of(result)} on its own" + (f"; p_holm: {corrected}." if corrected else "."),
    ]
    return "".join(f"# {' '.join(line.split())}\n" for line in lines)


def _costs(result: Result, point: Point) -> dict[str, float]:
    return {"gflops": round(point.gflops, 4), result.unit: round(point.price, 4)}


def _entry(result: Result, row: Row) -> dict[str, Any]:
    point = row.point
    return {
        "schedule": list(point.schedule),
        **_costs(result, point),
        "percent_of_base": round(row.percent_of_base, 2),
        "score": round(point.score, 4),
        "ci95": [round(x, 4) for x in row.ci95],
        "difference_to_base": difference_record(row.to_base),
        "difference_to_constant": difference_record(row.to_constant),
        "evaluated": {"model": result.model, "schedule": list(point.evaluated)},
        "origin": point.origin,
        "flops": flops_command(result, point),
        "evaluate": evaluate_command(result, point),
    }


def _provenance(result: Result) -> dict[str, Any]:
    spent = effort(result)
    return {
        "run": result.name,
        "command": result.command,
        "seed": result.seed,
        "model": result.model,
        "cost_model": result.cost_model,
        "overrides": dict(result.overrides),
        "evaluated_overrides": dict(result.evaluated_overrides),
        "benchmark": result.benchmark,
        "search_split": {"name": result.search_split, "num_samples": result.search_samples, "num_videos": result.search_videos},
        "report_split": {"name": result.report_split, "num_samples": result.num_samples, "num_videos": result.num_videos},
        "trials": {"complete": spent.num_complete, "stopped_early": spent.num_stopped, "video_passes": round(spent.passes, 2)},
        "versions": dict(result.versions),
    }


def _command(words: Sequence[str], point: Point) -> str:
    return shlex.join(["python", "-m", "tldr_search", *words, "--method", point.method, "--schedule", schedule_text(point.schedule)])
