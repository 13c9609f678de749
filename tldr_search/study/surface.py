"""A Gaussian process over schedules: what was measured -> what is expected elsewhere. One for all budgets of a method.

Notation: x [slots], the curve of a schedule (see `trajectory`); d, its damage as the probes predict it; y, its score in points.

    y = c + s * d / d_max + f(x) + noise,    c ~ N(max y, 10^2),    s ~ N(-4, 6^2),    f ~ GP(0, a^2 exp(-|x - x'|^2 / (2 l^2)))

(Rasmussen and Williams 2006, sections 2.2 and 2.7.) The noise of an observation is known up to a factor; a, l and the factor are
those of a short grid with the largest marginal likelihood (eq. 2.30) times a prior. Chosen by measurement: on recorded evaluations of the
demo, predicting from 8 to 32 schedules, no other of fifteen forms did clearly better; one weight per slot instead of one slope did worse.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

from tldr_search.schedule import Schedule
from tldr_search.scores import weights_of
from tldr_search.study.trajectory import Floats

_LEVEL, _SLOPE, _SLOPE_SPREAD = 10.0, -4.0, 6.0
_AMPLITUDES, _LENGTHS, _NOISES = (1.0, 2.0, 4.0), (0.35, 0.5, 1.0), (0.3, 1.0)
_USUAL = (2.0, 0.5, 1.0)
_TRUST = 0.5
"""Prior over the grid: standard deviation of the logarithms around `_USUAL`."""
_LEAST_NOISE = 0.05
"""Standard deviation in points: two schedules that are the same curve may differ by a rounding."""


class Observed(NamedTuple):
    """A schedule and what it scored."""

    schedule: Schedule
    """In the counts of the cost model."""
    score: float
    """In per cent; of a schedule that was stopped early, what it would have scored on all videos, as far as its part tells."""
    variance: float
    """Of the score, in points squared, from the number of samples."""


def observed(
    runs: Sequence[tuple[Schedule, Mapping[float, Sequence[float]]]], counts: Mapping[float, Sequence[int]] | None = None
) -> list[Observed]:
    """From the outcomes in [0, 1] by part of all schedules of one method at one budget; nothing before one is measured on all videos.

    That all schedules find some samples hard is no noise between them, so the variance of a score is that of how the outcomes differ
    from those of a typical schedule, video by video. A schedule that was stopped early is taken to score as far below the best one on
    all videos as it did on its part. `counts`: samples of each video by part, where videos have several.
    """
    whole = [np.asarray(parts[1.0], float) for _, parts in runs if 1.0 in parts]
    if not whole:
        return []
    weights = {part: weights_of(outcomes, (counts or {}).get(part, ())) for _, parts in runs for part, outcomes in parts.items()}
    best = max((parts for _, parts in runs if 1.0 in parts), key=lambda parts: _mean(np.asarray(parts[1.0], float), weights[1.0]))
    typical, own = np.mean(whole, axis=0), len(whole) / max(len(whole) - 1, 1)  # a schedule is part of what is typical
    found = []
    for schedule, parts in runs:
        part = max(parts)
        outcomes = np.asarray(parts[part], float)
        if part == 1:
            differs = outcomes - typical if len(whole) > 1 else outcomes
            found.append(Observed(schedule, 100 * _mean(outcomes, weights[1.0]), own * _variance_of_mean(differs, weights[1.0])))
            continue
        difference, top = outcomes - np.asarray(best[part], float), np.asarray(best[1.0], float)
        variance = _variance_of_mean(difference, weights[part])
        variance += _variance_of_mean(top - typical if len(whole) > 1 else top, weights[1.0])
        found.append(Observed(schedule, 100 * (_mean(top, weights[1.0]) + _mean(difference, weights[part])), variance))
    return found


def _mean(outcomes: Floats, weights: Floats) -> float:
    """sum(w o) / sum(w)."""
    return float(outcomes @ weights / weights.sum())


def _variance_of_mean(outcomes: Floats, weights: Floats) -> float:
    """In points squared; at least as if one video differed by 1, for equal outcomes are not certainty.

    Of a ratio by its linearisation (Cochran 1977, eq. 6.9): the mean of (w (o - sum(w o) / sum(w)) / mean(w))^2 over n.
    """
    n, residual = len(outcomes), weights * (outcomes - _mean(outcomes, weights)) / weights.mean()
    return 100**2 * max(float(np.mean(residual**2)), 1 / n) / n


class _Hyper(NamedTuple):
    amplitude: float
    length: float
    noise: float

    @property
    def log_prior(self) -> float:
        return -sum(math.log(value / usual) ** 2 for value, usual in zip(self, _USUAL, strict=True)) / (2 * _TRUST**2)


class Surface:
    """The posterior."""

    def __init__(self, curves: Floats, damages: Floats, observed: Sequence[Observed], open_curves: Floats, open_damages: Floats) -> None:
        """[n, slots] and [n] of what was observed; [m, slots] and [m] of what is being measured, believed to score what is expected."""
        self._x, self._d_max = curves, float(damages.max()) or 1.0
        self._d = damages / self._d_max
        scores = np.array([o.score for o in observed])
        self._top = float(scores.max())
        y, variances = scores - self._top - _SLOPE * self._d, np.array([o.variance for o in observed]) + _LEAST_NOISE**2
        squares = _squares(self._x, self._x)
        fits = [self._fit(_Hyper(*values), squares, y, variances) for values in itertools.product(_AMPLITUDES, _LENGTHS, _NOISES)]
        _, self._hyper, self._factor, self._weights = max(fits, key=lambda fit: fit[0])
        if len(open_curves):
            self._believe(open_curves, open_damages, y, self._hyper.noise * variances)

    def __call__(self, curves: Floats, damages: Floats) -> tuple[Floats, Floats]:
        """(mean, standard deviation) of the true scores, each [n], in points."""
        d = damages / self._d_max
        cross = _kernel(_squares(curves, self._x), d, self._d, self._hyper)
        solved = cho_solve(self._factor, cross.T)
        prior = self._hyper.amplitude**2 + _LEVEL**2 + _SLOPE_SPREAD**2 * d * d
        mean: Floats = self._top + _SLOPE * d + cross @ self._weights
        spread: Floats = np.sqrt(np.maximum(prior - (cross.T * solved).sum(axis=0), 1e-9))
        return mean, spread

    def _fit(self, hyper: _Hyper, squares: Floats, y: Floats, variances: Floats) -> tuple[float, _Hyper, tuple[Floats, bool], Floats]:
        """(log posterior of `hyper` up to a constant, `hyper`, Cholesky factor, K^-1 y)."""
        covariance = _kernel(squares, self._d, self._d, hyper) + np.diag(hyper.noise * variances)
        factor = cho_factor(covariance, lower=True, check_finite=False)
        weights = cho_solve(factor, y, check_finite=False)
        log_likelihood = -y @ weights / 2 - np.log(np.diag(factor[0])).sum()
        return float(log_likelihood) + hyper.log_prior, hyper, factor, weights

    def _believe(self, curves: Floats, damages: Floats, y: Floats, noise: Floats) -> None:
        """Adds observations that are equal to their expectation, so that nobody measures beside them at the same time."""
        d = damages / self._d_max
        expected = _kernel(_squares(curves, self._x), d, self._d, self._hyper) @ self._weights
        self._x, self._d = np.concatenate([self._x, curves]), np.concatenate([self._d, d])
        noise = np.concatenate([noise, np.full(len(d), float(np.median(noise)))])
        hyper, squares = self._hyper._replace(noise=1.0), _squares(self._x, self._x)
        _, _, self._factor, self._weights = self._fit(hyper, squares, np.concatenate([y, expected]), noise)


def _squares(a: Floats, b: Floats) -> Floats:
    """[n, slots], [m, slots] -> [n, m] squared distances."""
    squares: Floats = np.maximum((a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * a @ b.T, 0)
    return squares


def _kernel(squares: Floats, d: Floats, d2: Floats, hyper: _Hyper) -> Floats:
    """[n, m]: prior covariance of true scores; [n] and [m] are scaled damages."""
    smooth = hyper.amplitude**2 * np.exp(squares / (-2 * hyper.length**2))
    kernel: Floats = smooth + _LEVEL**2 + _SLOPE_SPREAD**2 * d[:, None] * d2
    return kernel


def expected_improvement(mean: Floats, spread: Floats, best: float) -> Floats:
    """E[max(y - best, 0)] (Jones et al. 1998, eq. 15)."""
    z = (mean - best) / spread
    gain: Floats = (mean - best) * ndtr(z) + spread * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return gain
