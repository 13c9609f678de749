"""How good a front is as a whole: its knee, and the area that a method's points dominate. Pure functions of a `Result`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tldr_search.resampling import resampled_rates
from tldr_search.scores import hits_of, weights_of
from tldr_search.study.front import front
from tldr_search.study.result import Point, Result

RESAMPLES = 1000
LEVEL = 95.0
"""Of the intervals, in per cent."""
ON_THE_CHORD = 1e-9
"""A point that lies this little above the chord lies on it."""

Floats = NDArray[np.float64]


class Hypervolume(NamedTuple):
    """The area that the points of one method dominate, in per cent of the rectangle [0, base price] x [0, 100 %]."""

    method: str
    searched: bool
    """False for a baseline."""
    percent: float
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""


def measured(result: Result) -> tuple[Point, ...]:
    """Everything that was measured on the report split: the unreduced model first."""
    return (result.base, *result.winners, *result.baselines, *result.known)


def knee(result: Result) -> Point | None:
    """The knee of the front of everything measured on the report split; None if it has none, see `knee_of`."""
    return knee_of(front(measured(result)))


def knee_of(points: Sequence[Point]) -> Point | None:
    """Of a front by rising price: the point farthest above the chord between its ends, both axes scaled to [0, 1] between them.

    Kneedle (Satopaa et al. 2011), on a front of points instead of a smoothed curve. The cheapest of equals; None with fewer than three
    points, with ends of one price or one score, and if no point lies above the chord.
    """
    if len(points) < 3:
        return None
    first, last = points[0], points[-1]
    width, rise = last.price - first.price, last.score - first.score
    if width <= 0 or rise <= 0:
        return None
    heights = [(p.score - first.score) / rise - (p.price - first.price) / width for p in points]  # y - x; the chord is y = x
    best = max(heights)
    if best <= ON_THE_CHORD:
        return None
    return next(p for p, height in zip(points, heights, strict=True) if height >= best - ON_THE_CHORD)


def hypervolumes(result: Result) -> tuple[Hypervolume, ...]:
    """Of each searched method, then of each baseline, with 95 % intervals from a bootstrap over the videos of the report split.

    The same resamples serve all methods (1000, seed 0), so that their areas rise and fall together as far as their outcomes do.
    `ValueError` if points were measured on different numbers of samples.
    """
    winners, points = result.winners, (*result.winners, *result.baselines)
    if len({(len(p.outcomes), p.counts) for p in (result.base, *points)}) > 1:
        sizes = sorted({p.num_samples for p in (result.base, *points)})
        raise ValueError(f"the result has points of {sizes} samples on the report split; the same ones for all would be accepted")
    resampled = _resampled_scores(points)
    found = []
    for searched, group in ((True, winners), (False, result.baselines)):
        for method in dict.fromkeys(p.method for p in group):
            own = [i for i, p in enumerate(points) if p.method == method and (i < len(winners)) is searched]
            found.append(_of_method(method, searched, [points[i] for i in own], resampled[:, own], result.base.price))
    return tuple(found)


def hypervolume(prices: Floats, scores: Floats, reference: float) -> Floats:
    """[n] prices, [..., n] scores in per cent -> [...] area in per cent of the rectangle [0, `reference`] x [0, 100 %].

    Zitzler and Thiele (1999) in two dimensions with the reference point (`reference`, score 0): the union of the rectangles between
    each point and the reference point. With prices rising, `sum over i of max(scores[..i]) * (price[i+1] - price[i])`, where the last
    step ends at `reference`. The unreduced model, which lies at `reference`, and what costs more have no width.
    """
    order = np.argsort(prices, kind="stable")
    widths = np.diff(np.minimum(np.append(prices[order], reference), reference))
    areas: Floats = np.maximum.accumulate(scores[..., order], axis=-1) @ widths / reference
    return areas


def _of_method(method: str, searched: bool, points: Sequence[Point], resampled: Floats, reference: float) -> Hypervolume:
    prices, scores = np.array([p.price for p in points]), np.array([p.score for p in points])
    low, high = np.percentile(hypervolume(prices, resampled, reference), [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return Hypervolume(method, searched, float(hypervolume(prices, scores, reference)), float(low), float(high))


def _resampled_scores(points: Sequence[Point]) -> Floats:
    """[RESAMPLES, points], in per cent: the same videos are drawn for all points."""
    hits = np.stack([hits_of(p.outcomes, p.counts) for p in points], axis=1)
    weights = weights_of(points[0].outcomes, points[0].counts)
    scores: Floats = 100 * resampled_rates(hits, weights, np.random.default_rng(0), RESAMPLES)
    return scores
