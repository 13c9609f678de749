"""Two schedules on the same samples: the difference, its interval, its p-value, and Holm's correction for many of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from tldr_search.scores import bootstrap_interval, mcnemar, paired_difference
from tldr_search.study.result import Point

KEPT = 1024
"""Intervals and differences that are remembered: the screen, the page and the files ask for the same ones."""


class Difference(NamedTuple):
    """A score minus another one over the same samples."""

    points: float
    """In percentage points."""
    low: float
    """Lower end of its 95 % interval (paired bootstrap)."""
    high: float
    """Upper end."""
    p: float | None
    """Two-sided p-value on its own; None where the other score is 100 by definition, and nothing is left to test."""
    p_holm: float | None
    """`p`, corrected by Holm's method for the other comparisons of its kind."""


def difference(a: Point, b: Point) -> Difference:
    """The score of `a` minus that of `b`, paired by sample; the only comparison of its kind."""
    return _difference(a.outcomes, b.outcomes)


@lru_cache(KEPT)
def interval(outcomes: tuple[float, ...]) -> tuple[float, float]:
    """Bootstrap 95 % interval of a score."""
    return bootstrap_interval(outcomes)


@lru_cache(KEPT)
def _difference(a: tuple[float, ...], b: tuple[float, ...]) -> Difference:
    p = paired_p(a, b)
    return Difference(*paired_difference(a, b), p, p)


def paired_p(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided: exact McNemar for 0/1 outcomes, else the signed-rank test of Wilcoxon (1945), samples that are equal left out.

    The signed-rank test is exact or by the normal approximation, as scipy chooses by the number of samples and ties.
    """
    if {*a, *b} <= {0, 1}:
        return mcnemar(a, b)
    from scipy.stats import wilcoxon

    apart = [x - y for x, y in zip(a, b, strict=True) if x != y]
    return float(wilcoxon(apart).pvalue) if apart else 1.0


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm (1979): with p_(1) <= ... <= p_(m), the i-th becomes max over j <= i of (m - j + 1) p_(j), at most 1."""
    corrected, highest = list(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return tuple(corrected)


def corrected(differences: Iterable[Difference | None]) -> list[Difference | None]:
    """All of them, each corrected for the others; those without a p-value take no part."""
    found = list(differences)
    p_values = iter(holm([d.p for d in found if d and d.p is not None]))
    return [d._replace(p_holm=next(p_values)) if d and d.p is not None else d for d in found]
