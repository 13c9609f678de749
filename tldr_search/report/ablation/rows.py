"""Every variant with its statistics."""

from __future__ import annotations

from typing import NamedTuple

from tldr_search.ablation.result import AblationResult, Measured
from tldr_search.config.ablation import SHAPE
from tldr_search.report.compare import Difference, corrected, interval, to_base
from tldr_search.report.words import SHAPES


class Row(NamedTuple):
    """One variant."""

    measured: Measured
    ci95: tuple[float, float]
    """95 % interval of the score."""
    percent_of_base: float
    """Its GFLOPs in per cent of the unreduced model's."""
    to_base: Difference
    """Against the unreduced model; p corrected for all variants."""


def rows(result: AblationResult) -> tuple[Row, ...]:
    """In the order of the result, known shapes as in every table; p-values corrected by Holm's method over all of them."""
    variants = _in_order(result)
    against = corrected([to_base(m.point.sampled, result.base.sampled, result.objective) for m in variants])
    return tuple(
        Row(measured, interval(measured.point.sampled), 100 * measured.point.gflops / result.base.gflops, found)
        for measured, found in zip(variants, against, strict=True)
        if found is not None
    )


def _in_order(result: AblationResult) -> list[Measured]:
    if result.what != SHAPE:
        return list(result.variants)
    lines = list(dict.fromkeys(v.line for v in result.variants))
    places = [*SHAPES, *(v.place for v in result.variants)]
    return sorted(result.variants, key=lambda v: (lines.index(v.line), places.index(v.place)))
