"""Every variant with its statistics."""

from __future__ import annotations

from typing import NamedTuple

from tldr_search.ablation.result import AblationResult, Measured
from tldr_search.config import LABEL_FREE
from tldr_search.report.compare import Difference, corrected, difference, interval


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
    """In the order of the result, p-values corrected by Holm's method over all of them."""
    against = corrected([_to_base(result, measured) for measured in result.variants])
    return tuple(
        Row(measured, interval(measured.point.outcomes), 100 * measured.point.gflops / result.base.gflops, found)
        for measured, found in zip(result.variants, against, strict=True)
        if found is not None
    )


def _to_base(result: AblationResult, measured: Measured) -> Difference:
    """The unreduced model agrees with itself by definition: the distance to 100 is measured, but there is nothing to test against."""
    if result.objective not in LABEL_FREE:
        return difference(measured.point, result.base)
    low, high = interval(measured.point.outcomes)
    return Difference(measured.point.score - 100, low - 100, high - 100, None, None)
