"""Printed accuracies beside their costs, for reports to draw beside measured points."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from tldr_search.published.row import BENCHMARKS, Published


class Result(NamedTuple):
    """Accuracies that one source gives for one cell: a method on a model and benchmark, at one cost."""

    method: str
    """As `get_method` takes it."""
    model: str
    """Row of `ARCHITECTURES`."""
    benchmark: str
    """One of `BENCHMARKS`."""
    variant: str
    """Other weights than the usual ones, as in `Published`."""
    gflops: float
    """Per clip, as printed."""
    metrics: dict[str, float]
    """Name -> per cent; `mean_r1` is the mean of `t2v_r1` and `v2t_r1`, `hm` the harmonic mean of `base_top1` and `novel_top1`."""
    source: str
    """Paper and table."""
    note: str
    """What one should know of it."""

    def belongs_to(self, row: Published) -> bool:
        """Whether it is of the same cell: method, model, benchmark, weights and cost."""
        theirs = (row.method, row.model, row.benchmark, row.variant, row.gflops)
        return (self.method, self.model, self.benchmark, self.variant, self.gflops) == theirs


class Point(NamedTuple):
    """One published value to draw."""

    method: str
    """As `get_method` takes it; `none` is the unreduced model."""
    gflops: float
    """Per clip, as printed."""
    metric: str
    """E.g. `t2v_r1`."""
    value: float
    """Per cent."""
    source: str
    """Paper and table."""


def published_points(model: str, benchmark: str, variant: str = "") -> list[Point]:
    """Every value of every source, cheapest first; empty where nothing is published."""
    return sorted(
        (
            Point(result.method, result.gflops, metric, value, result.source)
            for result in RESULTS
            if (result.model, result.benchmark, result.variant) == (model, benchmark, variant)
            for metric, value in result.metrics.items()
        ),
        key=lambda point: point.gflops,
    )


def leading(row: Published) -> tuple[str, float] | None:
    """(metric, value) for the cell of `row`, by the rate that its benchmark is judged by; None where there is none.

    The paper that prints the cost goes first, then the order of the table.
    """
    paper = row.source.partition(" Table")[0]
    cell = sorted((r for r in RESULTS if r.belongs_to(row)), key=lambda result: not result.source.startswith(paper))
    found = {metric: value for result in reversed(cell) for metric, value in result.metrics.items()}
    return next(((metric, found[metric]) for metric in BENCHMARKS[row.benchmark] if metric in found), None)


def _read() -> Iterator[Result]:
    tables = yaml.safe_load((files("tldr_search.published") / "results.yaml").read_text(encoding="utf-8"))
    for table in tables:
        for row in table["rows"]:
            yield _result(table, *row)


def _result(table: dict[str, Any], model: str, benchmark: str, gflops: float, *values: float | None) -> Result:
    metrics = {name: value for name, value in zip(table["metrics"], values, strict=True) if value is not None}
    variant, note = table.get("variant", ""), table.get("note", "")
    return Result(table["method"], model, benchmark, variant, float(gflops), metrics, table["source"], note)


RESULTS: tuple[Result, ...] = tuple(_read())
"""All of them, in the order of `results.yaml`; where sources differ, the first is the better known."""
