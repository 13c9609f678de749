"""Stopping early: levels, tests, and how often they err."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from scipy.stats import wilcoxon

from tldr_search.scores import paired_p
from tldr_search.study.racing import spend, stalled, worse


def test_levels_sum_to_alpha_in_proportion_to_the_videos() -> None:
    assert spend(0.05, (0.25, 0.5)) == pytest.approx((0.025, 0.025))
    assert spend(0.06, (0.1, 0.2, 0.6)) == pytest.approx((0.01, 0.01, 0.04))
    assert spend(0.05, ()) == ()


@pytest.mark.parametrize(("alpha", "parts"), [(1.0, (0.5,)), (-0.1, (0.5,)), (0.05, (0.5, 0.25)), (0.05, (0.5, 1.0)), (0.05, (0.0, 0.5))])
def test_levels_that_are_none(alpha: float, parts: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="would be accepted"):
        spend(alpha, parts)


@pytest.mark.parametrize(("wins", "losses"), [(0, 1), (0, 6), (2, 9), (5, 5), (9, 2)])
def test_outcomes_of_0_and_1_take_an_exact_sign_test(wins: int, losses: int) -> None:
    candidate, incumbent = [1] * wins + [0] * losses + [1, 0], [0] * wins + [1] * losses + [1, 0]
    n = wins + losses
    assert paired_p(candidate, incumbent, (), "less") == pytest.approx(sum(comb(n, k) for k in range(wins + 1)) / 2**n)


def test_continuous_outcomes_take_a_signed_rank_test() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random(40), rng.random(40)
    assert paired_p(a.tolist(), b.tolist(), (), "less") == pytest.approx(float(wilcoxon(a, b, alternative="less").pvalue))


def test_no_difference_is_no_evidence() -> None:
    assert paired_p([1, 0, 0.5], [1, 0, 0.5], (), "less") == 1
    assert not worse([], [], 0.05)


@pytest.mark.parametrize("continuous", [False, True])
def test_an_equally_good_schedule_is_seldom_stopped_at_any_look(continuous: bool) -> None:
    rng, parts, alpha = np.random.default_rng(1), (0.25, 0.5), 0.05
    levels, stopped, runs = spend(alpha, parts), 0, 600
    for _ in range(runs):
        if continuous:
            a, b = rng.random((2, 200))
        else:
            a, b = (rng.random((2, 200)) < 0.85).astype(float)
        stopped += any(worse(a[: int(200 * part)], b[: int(200 * part)], level) for part, level in zip(parts, levels, strict=True))
    assert stopped / runs <= alpha + 2 * np.sqrt(alpha * (1 - alpha) / runs)


def test_a_much_worse_schedule_is_stopped() -> None:
    rng, stopped = np.random.default_rng(2), 0
    for _ in range(200):
        a, b = rng.random(100) < 0.6, rng.random(100) < 0.85
        stopped += worse(a.astype(float), b.astype(float), 0.025)
    assert stopped > 180


def outcomes(hits: int) -> list[float]:
    return [1.0] * hits + [0.0] * (100 - hits)


def test_a_search_without_a_gain_has_stalled() -> None:
    flat = [outcomes(50)] * 5
    assert stalled(flat, 4)
    assert not stalled(flat, 5)
    assert not stalled(flat, 0)
    assert not stalled([*flat, outcomes(80)], 4)
    assert stalled([*flat, outcomes(80), *flat[:4]], 4)
    assert stalled([outcomes(50), None, None], 2)
    assert not stalled([None, outcomes(50)], 1)


def test_a_gain_by_chance_is_none() -> None:
    assert stalled([outcomes(50), outcomes(52), outcomes(51)], 2)
