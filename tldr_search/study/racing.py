"""When to stop: a schedule that is significantly worse than the best one, and a search that has stopped gaining. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GAIN_LEVEL = 0.05
"""A gain counts as one if it would arise by chance with at most this probability."""


def spend(alpha: float, parts: Sequence[float]) -> tuple[float, ...]:
    """The level of each look, in proportion to how much more of the videos it sees; they sum to `alpha`.

    By the union bound, a schedule that is as good as the best one is stopped at any of the looks with probability at most `alpha`,
    however their outcomes depend on each other (Lan and DeMets 1983 spend alpha likewise).
    """
    if not 0 <= alpha < 1:
        raise ValueError(f"alpha {alpha}; a number from 0, below 1, would be accepted")
    if list(parts) != sorted(set(parts)) or not all(0 < part < 1 for part in parts):
        raise ValueError(f"parts {tuple(parts)}; rising shares between 0 and 1 would be accepted")
    gains = np.diff(np.array(parts, float), prepend=0.0)
    return tuple((alpha * gains / gains.sum()).tolist()) if len(gains) else ()


def p_worse(candidate: Sequence[float], incumbent: Sequence[float]) -> float:
    """One-sided p-value of `candidate` being no worse than `incumbent`, from paired outcomes of the same samples.

    Outcomes of 0 and 1: exact sign test over the samples that differ (McNemar 1947); others: Wilcoxon's signed-rank test (1945), whose ties
    at 0 are left out. 1 where no sample differs.
    """
    difference = np.asarray(candidate, float) - np.asarray(incumbent, float)
    differing = difference[difference != 0]
    if not len(differing):
        return 1.0
    from scipy.stats import binom, wilcoxon

    if np.isin(candidate, (0, 1)).all() and np.isin(incumbent, (0, 1)).all():
        return float(binom.cdf((differing > 0).sum(), len(differing), 0.5))
    return float(wilcoxon(differing, alternative="less").pvalue)


def worse(candidate: Sequence[float], incumbent: Sequence[float], alpha: float) -> bool:
    """Whether `candidate` is worse than `incumbent` at level `alpha`."""
    return p_worse(candidate, incumbent) <= alpha


def stalled(trials: Sequence[Sequence[float] | None], patience: int) -> bool:
    """Whether the last `patience` trials gained nothing significant on the best one before them; never with a patience of 0.

    `trials`: outcomes on all videos by number, None where a trial was stopped early. The best one before the last ones is tested against
    each of them, at `GAIN_LEVEL` over their number (Bonferroni).
    """
    before = [outcomes for outcomes in trials[:-patience] if outcomes is not None] if patience else []
    if not before:
        return False
    best = max(before, key=lambda outcomes: float(np.mean(outcomes)))
    since = [outcomes for outcomes in trials[-patience:] if outcomes is not None]
    return not any(worse(best, outcomes, GAIN_LEVEL / len(since)) for outcomes in since)
