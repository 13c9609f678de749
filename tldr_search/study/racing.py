"""When to stop: a schedule that is significantly worse than the best one, and a search that has stopped gaining. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tldr_search.scores import mean_of, paired_p

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


def worse(candidate: Sequence[float], incumbent: Sequence[float], alpha: float, counts: Sequence[int] = ()) -> bool:
    """Whether `candidate` is worse than `incumbent` at level `alpha`, one-sided, paired by video; `counts`: samples of each, if not one."""
    return paired_p(candidate, incumbent, counts, "less") <= alpha


def stalled(trials: Sequence[Sequence[float] | None], patience: int, counts: Sequence[int] = ()) -> bool:
    """Whether the last `patience` trials gained nothing significant on the best one before them; never with a patience of 0.

    `trials`: outcomes on all videos by number, None where a trial was stopped early. The best one before the last ones is tested against
    each of them, at `GAIN_LEVEL` over their number (Bonferroni). `counts`: samples of each video, if not one.
    """
    before = [outcomes for outcomes in trials[:-patience] if outcomes is not None] if patience else []
    if not before:
        return False
    best = max(before, key=lambda outcomes: mean_of(outcomes, counts))
    since = [outcomes for outcomes in trials[-patience:] if outcomes is not None]
    return not any(worse(best, outcomes, GAIN_LEVEL / len(since), counts) for outcomes in since)
