"""The bootstrap (Efron 1979): sums over rows that are drawn with replacement. Everything that has an interval has it from here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
DISTINCT, DRAWN_AT_ONCE = 64, 2_000_000
"""Different rows that are drawn as counts; otherwise, rows in memory at a time."""

Floats = NDArray[np.float64]


def resampled_rates(hits: Floats, weights: Floats, rng: np.random.Generator, resamples: int = RESAMPLES) -> Floats:
    """[n, width] hits, [n] samples -> [resamples, width]: the hits of n videos drawn with replacement over their samples."""
    totals = resampled_totals(np.column_stack([hits, weights]), rng, resamples)
    rates: Floats = totals[:, :-1] / totals[:, -1:]
    return rates


def resampled_totals(rows: Floats, rng: np.random.Generator, resamples: int = RESAMPLES) -> Floats:
    """[n, width] -> [resamples, width], each the sum of n rows drawn with replacement.

    A multinomial draw over the distinct rows; where these are many (outcomes that are not just 0 or 1), which would take long, row by row.
    """
    drawn, counts = np.unique(rows, axis=0, return_counts=True)
    n = len(rows)
    if len(drawn) > DISTINCT:
        at_once = max(1, DRAWN_AT_ONCE // n)
        sizes = (min(at_once, resamples - start) for start in range(0, resamples, at_once))
        return np.concatenate([_times(rng.integers(n, size=(size, n))) @ rows for size in sizes])
    totals: Floats = rng.multinomial(n, counts / n, size=resamples) @ drawn
    return totals


def _times(drawn: NDArray[np.int64]) -> Floats:
    """[size, n] numbers of rows below n -> [size, n], how often each row was drawn."""
    size, n = drawn.shape
    return np.bincount((drawn + n * np.arange(size)[:, None]).ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def percent_interval(values: Floats, level: float) -> tuple[float, float]:
    """The percentiles between which `level` of the values lie, in per cent."""
    low, high = np.quantile(100 * values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
