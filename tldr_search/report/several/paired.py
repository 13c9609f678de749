"""Differences of outcomes that may be means over runs."""

from __future__ import annotations

from tldr_search.config import LABEL_FREE
from tldr_search.report.compare import Difference, interval, paired_p
from tldr_search.scores import paired_difference

Outcomes = tuple[float, ...]


def difference_of(a: Outcomes, b: Outcomes, objective: str = "") -> Difference:
    """The score of `a` minus that of `b`, paired by sample; nothing is tested against what is 100 by definition.

    `objective`: given where `b` is the unreduced model.
    """
    if objective in LABEL_FREE:
        low, high = interval(a)
        return Difference(100 * sum(a) / len(a) - 100, low - 100, high - 100, None, None)
    p = paired_p(a, b)
    return Difference(*paired_difference(a, b), p, p)
