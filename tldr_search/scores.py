"""What an evaluation found, sample by sample, and the statistics over it. Never imports torch.

Notation, video by video: w, how many samples (captions, questions) it has; o in [0, 1], the mean of the objective over them; h = w * o,
its hits. Samples of one video are no independent evidence, so that videos are what is resampled and paired, and a score is a ratio:

    score = 100 * sum(h) / sum(w)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tldr_search.resampling import Floats, percent_interval, resampled_rates, resampled_totals

DECIMALS = 6
"""Of differences of hits in a paired test: what is equal but for the rounding of floats is a tie."""


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


class Outcomes(NamedTuple):
    """How the videos of a split fared; what an interval, a difference or a test is computed from."""

    values: tuple[float, ...]
    """o of each video, in [0, 1]."""
    counts: tuple[int, ...] = ()
    """w of each video; empty where each has one sample."""

    @property
    def num_samples(self) -> int:
        """Over all videos."""
        return sum(self.counts) if self.counts else len(self.values)

    @property
    def num_videos(self) -> int:
        """Those that have samples."""
        return len(self.values)

    @property
    def score(self) -> float:
        """In per cent."""
        return 100 * mean_of(self.values, self.counts)

    @property
    def is_exact(self) -> bool:
        """Whether every video has one sample, which is right or wrong: pairs of such are compared by McNemar's exact test."""
        return not self.counts and {*self.values} <= {0, 1}


@dataclass(frozen=True)
class Evaluation:
    """One schedule, measured on one split or a part of it."""

    metrics: Mapping[str, float]
    """Every metric of the task by its field name (`t2v_r1`, `top1`, ...), percentages where it is a rate."""
    objective: str
    """Which of `metrics` is the score."""
    outcomes: tuple[float, ...]
    """Per video, in the order of `sample_ids`: the mean of the objective over its samples, in [0, 1]."""
    sample_ids: tuple[str, ...]
    """Names of the samples, or of the videos and how many they have; the same split gives the same order."""
    seconds: float
    """Wall time of the evaluation."""
    num_videos: int = 0
    """Videos that were measured."""
    counts: tuple[int, ...] = ()
    """Samples per video; empty where each has one."""

    @property
    def score(self) -> float:
        """The objective in per cent."""
        return self.metrics[self.objective]

    @property
    def sampled(self) -> Outcomes:
        """For statistics."""
        return Outcomes(self.outcomes, self.counts)


Measure = Callable[[Request], Evaluation]
"""What a search asks for evaluations."""


def in_order(requests: Iterable[Request]) -> list[Request]:
    """So that schedules of a method that begin alike follow each other, and share what they have in common."""
    return sorted(requests, key=lambda request: (request.split, request.part, request.method, request.schedule))


def mean_of(outcomes: Sequence[float], counts: Sequence[int] = ()) -> float:
    """sum(w o) / sum(w), in [0, 1]; every w is 1 without `counts`."""
    return fmean(outcomes, counts or None)


def hits_of(outcomes: Sequence[float] | Floats, counts: Sequence[int] = ()) -> Floats:
    """The hits h = w o of each video; whole numbers of hits are whole, whatever dividing and multiplying by w has rounded."""
    values = np.asarray(outcomes, dtype=np.float64)
    return np.round(values * weights_of(values, counts), 9) if len(counts) else values


def weights_of(outcomes: Sequence[float] | Floats, counts: Sequence[int] = ()) -> Floats:
    """The weight w of each video; `AssertionError` if there are not as many as outcomes."""
    assert len(counts) in (0, len(outcomes)), f"{len(counts)} counts of {len(outcomes)} outcomes"
    return np.asarray(counts, dtype=np.float64) if len(counts) else np.ones(len(outcomes))


def bootstrap_interval(outcomes: Sequence[float], counts: Sequence[int] = (), level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap interval of the score over videos (Efron 1979), 10 000 resamples; that of `estimate`."""
    return percent_interval(_resampled_rate(hits_of(outcomes, counts), weights_of(outcomes, counts), seed), level)


def paired_difference(
    a: Sequence[float], b: Sequence[float], counts: Sequence[int] = (), level: float = 0.95
) -> tuple[float, float, float]:
    """(difference, low, high) of the scores of a and b in points, bootstrapped over the paired videos."""
    difference, weights = _differences(a, b, counts), weights_of(a, counts)
    low, high = percent_interval(_resampled_rate(difference, weights, 0), level)
    return float(100 * difference.sum() / weights.sum()), low, high


def _differences(a: Sequence[float], b: Sequence[float], counts: Sequence[int]) -> Floats:
    """Of hits, video by video; `ValueError` without pairs."""
    if len(a) != len(b):
        raise ValueError(f"{len(a)} outcomes against {len(b)}; pairs would be accepted")
    return hits_of(a, counts) - hits_of(b, counts)


def _resampled_rate(hits: Floats, weights: Floats, seed: int) -> Floats:
    return resampled_rates(hits[:, None], weights, np.random.default_rng(seed))[:, 0]


class Rate(NamedTuple):
    """A share of samples."""

    hits: NDArray[np.float64]
    """1.0 or 0.0 per sample; of `fidelity` what lies between, too."""
    clusters: NDArray[np.int64]
    """The video that each sample is of: samples of one video are not independent."""
    names: tuple[str, ...]
    """Of the samples."""


def by_video(rate: Rate) -> tuple[Outcomes, tuple[str, ...]]:
    """Outcomes and their names, one for each video: samples of one video are no independent evidence in a paired test or an interval.

    The names say how many samples there are, so that what is equal in its names can be paired.
    """
    clusters, row, counts = np.unique(rate.clusters, return_inverse=True, return_counts=True)
    if len(clusters) == len(rate.hits):
        return Outcomes(tuple(rate.hits.tolist())), rate.names
    outcomes = np.bincount(row, rate.hits) / counts
    names = tuple(f"video {cluster}, {count} samples" for cluster, count in zip(clusters, counts, strict=True))
    return Outcomes(tuple(outcomes.tolist()), tuple(counts.tolist())), names


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
    resampled = np.sum([resampled_totals(totals[of_cluster.ravel() == i], rng) for i in range(len(sets))], axis=0)
    mean = harmonic_mean if harmonic else _mean
    values = mean(resampled[:, ::2] / resampled[:, 1::2])
    value = mean(np.array([part.hits.mean() for part in parts]))
    return Estimate(float(100 * value), float(100 * values.std(ddof=1)), *percent_interval(values, level))


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


def paired_p(
    a: Sequence[float], b: Sequence[float], counts: Sequence[int] = (), alternative: Literal["two-sided", "less"] = "two-sided"
) -> float:
    """p-value of a being no other (`less`: no worse) than b, paired by video; 1 where no video differs.

    Where each video has one sample that is right or wrong: exact sign test over those that differ (McNemar 1947). Otherwise the
    signed-rank test of Wilcoxon (1945) on the differences of hits, those of 0 left out; exact or by the normal approximation, as scipy
    chooses by their number and ties.
    """
    differences = np.round(_differences(a, b, counts), DECIMALS)
    apart = differences[differences != 0]
    if not len(apart):
        return 1.0
    from scipy.stats import binomtest, wilcoxon

    if Outcomes((*a, *b), tuple(counts)).is_exact:
        return float(binomtest(int((apart > 0).sum()), len(apart), 0.5, alternative).pvalue)
    return float(wilcoxon(apart, alternative=alternative).pvalue)
