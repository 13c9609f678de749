"""Two schedules on the same samples: the difference, its interval, its p-value, and Holm's correction for many of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from tldr_search.config import LABEL_FREE
from tldr_search.scores import Outcomes, bootstrap_interval, paired_difference, paired_p
from tldr_search.study.result import Point

MCNEMAR, WILCOXON = "exact McNemar test", "Wilcoxon signed-rank test"
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
    """The score of `a` minus that of `b`, paired by video; the only comparison of its kind."""
    return difference_of(a.sampled, b.sampled)


@lru_cache(KEPT)
def interval(outcomes: Outcomes) -> tuple[float, float]:
    """Bootstrap 95 % interval of a score, over videos."""
    return bootstrap_interval(*outcomes)


@lru_cache(KEPT)
def difference_of(a: Outcomes, b: Outcomes) -> Difference:
    """`difference` of outcomes that may be means over runs; `ValueError` if they are of other samples."""
    if a.counts != b.counts:
        sizes = [f"{found.num_samples} samples of {found.num_videos} videos" for found in (a, b)]
        raise ValueError(f"{sizes[0]} against {sizes[1]}, or other numbers per video; pairs would be accepted")
    p = paired_p(a.values, b.values, a.counts)
    return Difference(*paired_difference(a.values, b.values, a.counts), p, p)


def to_base(outcomes: Outcomes, base: Outcomes, objective: str) -> Difference:
    """Against the unreduced model, which agrees with itself by definition: then the distance to 100 is measured, but nothing is tested."""
    if objective not in LABEL_FREE:
        return difference_of(outcomes, base)
    low, high = interval(outcomes)
    return Difference(outcomes.score - 100, low - 100, high - 100, None, None)


def test_name(outcomes: Iterable[Outcomes]) -> str:
    """Of the test that pairs of these take: McNemar's if every video has one sample, which is right or wrong, in all of them."""
    return MCNEMAR if all(found.is_exact for found in outcomes) else WILCOXON


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
