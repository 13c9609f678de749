"""What an evaluation found, sample by sample, and the statistics over it. Never imports torch.

Scores are percentages; outcomes are per sample, in [0, 1], so that `score = 100 * mean(outcomes)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000


@dataclass(frozen=True)
class Evaluation:
    """One schedule, measured on one split."""

    metrics: Mapping[str, float]
    """Every metric of the task by its field name (`t2v_r1`, `top1`, ...), percentages where it is a rate."""
    objective: str
    """Which of `metrics` is the score."""
    outcomes: tuple[float, ...]
    """Per sample, in the order of `sample_ids`: the objective of that sample alone, in [0, 1]."""
    sample_ids: tuple[str, ...]
    """Names of the samples; the same split gives the same order."""
    seconds: float
    """Wall time of the evaluation."""

    @property
    def score(self) -> float:
        """The objective in per cent."""
        return self.metrics[self.objective]


def standard_error(outcomes: Sequence[float]) -> float:
    """Standard error of `100 * mean(outcomes)` (sample standard deviation over the root of n)."""
    values = np.asarray(outcomes, dtype=float)
    return float(100 * values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def bootstrap_interval(outcomes: Sequence[float], level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap interval of `100 * mean(outcomes)` over samples (Efron 1979), 10 000 resamples."""
    values = np.asarray(outcomes, dtype=float)
    rng = np.random.default_rng(seed)
    drawn, counts = np.unique(values, return_counts=True)  # a resample is a multinomial draw over the distinct outcomes
    resampled = rng.multinomial(len(values), counts / len(values), size=RESAMPLES) @ drawn / len(values)
    low, high = np.quantile(100 * resampled, [(1 - level) / 2, (1 + level) / 2])
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
