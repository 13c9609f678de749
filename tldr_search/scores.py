"""What an evaluation found, sample by sample, and the statistics over it. Never imports torch.

Scores are percentages; outcomes are per sample, in [0, 1], so that `score = 100 * mean(outcomes)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
DISTINCT, DRAWN_AT_ONCE = 64, 2_000_000
"""Different rows that are drawn as counts; otherwise, rows in memory at a time."""


class Request(NamedTuple):
    """What to measure."""

    method: str
    """Name and options; `none`, with an empty schedule, is the model unreduced."""
    schedule: tuple[int, ...]
    """In the counts of the model that is evaluated."""
    split: str
    objective: str
    """A rate of the task, or `agreement` or `fidelity` with the model unreduced, which need no labels."""
    part: float = 1.0
    """Share of the split's videos, above 0: the first in a seeded order, in whole batches, so that a smaller part is within a larger one.

    A part ranks among its own videos only: scores compare within a part, never across.
    """


@dataclass(frozen=True)
class Evaluation:
    """One schedule, measured on one split or a part of it."""

    metrics: Mapping[str, float]
    """Every metric of the task by its field name (`t2v_r1`, `top1`, ...), percentages where it is a rate."""
    objective: str
    """Which of `metrics` is the score."""
    outcomes: tuple[float, ...]
    """Per sample, in the order of `sample_ids`: the objective of that sample alone, in [0, 1]; see `by_video` where videos have several."""
    sample_ids: tuple[str, ...]
    """Names of the samples; the same split gives the same order."""
    seconds: float
    """Wall time of the evaluation."""
    num_videos: int = 0
    """Videos that were measured."""

    @property
    def score(self) -> float:
        """The objective in per cent."""
        return self.metrics[self.objective]


Measure = Callable[[Request], Evaluation]
"""What a search asks for evaluations."""


def in_order(requests: Iterable[Request]) -> list[Request]:
    """So that schedules of a method that begin alike follow each other, and share what they have in common."""
    return sorted(requests, key=lambda request: (request.split, request.part, request.method, request.schedule))


def bootstrap_interval(outcomes: Sequence[float], level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap interval of `100 * mean(outcomes)` over samples (Efron 1979), 10 000 resamples."""
    values = np.asarray(outcomes, dtype=float)
    resampled = _resampled_totals(values[:, None], np.random.default_rng(seed))[:, 0] / len(values)
    return _interval(resampled, level)


class Rate(NamedTuple):
    """A share of samples."""

    hits: NDArray[np.float64]
    """1.0 or 0.0 per sample; of `fidelity` what lies between, too."""
    clusters: NDArray[np.int64]
    """The video that each sample is of: samples of one video are not independent."""
    names: tuple[str, ...]
    """Of the samples."""


def by_video(rate: Rate) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Outcomes and their names, one for each video: samples of one video are no independent evidence in a paired test or an interval.

    Of a video with several samples, its hits over the mean number of samples, so that the mean over videos is the rate itself.
    """
    clusters, row, counts = np.unique(rate.clusters, return_inverse=True, return_counts=True)
    if len(clusters) == len(rate.hits):
        return tuple(rate.hits.tolist()), rate.names
    outcomes = np.bincount(row, rate.hits) / counts.mean()
    return tuple(outcomes.tolist()), tuple(f"video {cluster}" for cluster in clusters)


class Estimate(NamedTuple):
    """A score and how certain it is, in per cent."""

    value: float
    stderr: float
    """Standard deviation of the resampled values."""
    low: float
    high: float


def estimate(parts: Sequence[Rate], *, harmonic: bool = False, level: float = 0.95, seed: int = 0) -> Estimate:
    """The mean, or harmonic mean, of rates; its percentile bootstrap over clusters, 10 000 resamples.

    A resampled rate is the hits of the drawn clusters over their samples. A cluster that several parts share is drawn for all of them
    at once; clusters are drawn apart for each set of parts that they belong to (base and novel videos, say), so that no part runs empty.
    """
    clusters = np.unique(np.concatenate([part.clusters for part in parts]))
    totals = np.stack([column for part in parts for column in _totals(part, clusters)], axis=1)  # hits, samples, hits, samples, ...
    sets, of_cluster = np.unique(totals[:, 1::2] > 0, axis=0, return_inverse=True)
    rng = np.random.default_rng(seed)
    resampled = np.sum([_resampled_totals(totals[of_cluster.ravel() == i], rng) for i in range(len(sets))], axis=0)
    mean = harmonic_mean if harmonic else _mean
    values = mean(resampled[:, ::2] / resampled[:, 1::2])
    value = mean(np.array([part.hits.mean() for part in parts]))
    return Estimate(float(100 * value), float(100 * values.std(ddof=1)), *_interval(values, level))


def harmonic_mean(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """[..., parts] -> [...]: parts / sum(1 / rate); 0 where a rate is 0."""
    zero = (rates == 0).any(axis=-1, keepdims=True)
    means = rates.shape[-1] / (1 / np.where(zero, 1, rates)).sum(axis=-1)
    return np.where(zero[..., 0], 0.0, means)


def _mean(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    means: NDArray[np.float64] = rates.mean(axis=-1)
    return means


def _totals(part: Rate, clusters: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hits and samples of each of the sorted `clusters`."""
    row = np.searchsorted(clusters, part.clusters)
    hits, samples = np.bincount(row, part.hits, len(clusters)), np.bincount(row, minlength=len(clusters))
    return hits.astype(np.float64), samples.astype(np.float64)


def _resampled_totals(rows: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """[n, width] -> [RESAMPLES, width], each the sum of n rows drawn with replacement.

    A multinomial draw over the distinct rows; where these are many (outcomes that are not just 0 or 1), which would take long, row by row.
    """
    drawn, counts = np.unique(rows, axis=0, return_counts=True)
    if len(drawn) > DISTINCT:
        n, at_once = len(rows), max(1, DRAWN_AT_ONCE // len(rows))
        sizes = (min(at_once, RESAMPLES - start) for start in range(0, RESAMPLES, at_once))
        return np.concatenate([rows[rng.integers(n, size=(size, n))].sum(axis=1) for size in sizes])
    totals: NDArray[np.float64] = rng.multinomial(len(rows), counts / len(rows), size=RESAMPLES) @ drawn
    return totals


def _interval(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    low, high = np.quantile(100 * values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mcnemar(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided exact McNemar p-value for paired 0/1 outcomes: a sign test over the samples where they differ."""
    from scipy.stats import binomtest

    wins = sum(x > y for x, y in zip(a, b, strict=True))
    losses = sum(x < y for x, y in zip(a, b, strict=True))
    return float(binomtest(wins, wins + losses, 0.5).pvalue) if wins + losses else 1.0


def paired_difference(a: Sequence[float], b: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """(difference, low, high) of the scores of a and b in points, bootstrapped over the paired samples."""
    difference = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    low, high = bootstrap_interval(tuple(difference), level)
    return float(100 * difference.mean()), low, high
