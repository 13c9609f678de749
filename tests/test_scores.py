"""Statistics over outcomes, against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tldr_search.scores import bootstrap_interval, mcnemar, paired_difference, standard_error

RNG = np.random.default_rng(0)
A = tuple((RNG.random(200) < 0.7).astype(float).tolist())
B = tuple((RNG.random(200) < 0.6).astype(float).tolist())


def test_standard_error() -> None:
    assert standard_error(A) == pytest.approx(100 * stats.sem(A))
    assert standard_error((1.0,)) == 0


def test_bootstrap_interval_is_scipys() -> None:
    theirs = stats.bootstrap((np.array(A),), np.mean, method="percentile", rng=np.random.default_rng(1)).confidence_interval
    assert bootstrap_interval(A) == pytest.approx((100 * theirs.low, 100 * theirs.high), abs=0.6)
    assert bootstrap_interval(A) == bootstrap_interval(A)


def test_bootstrap_of_equal_outcomes_has_no_width() -> None:
    assert bootstrap_interval((1.0,) * 50) == (100, 100)


def test_bootstrap_of_outcomes_between() -> None:
    values = tuple(RNG.random(100).tolist())
    low, high = bootstrap_interval(values)
    assert high - low == pytest.approx(2 * 1.96 * standard_error(values), rel=0.1)


def test_mcnemar_by_hand() -> None:
    a, b = [1.0] * 8 + [0.0] * 2 + [1.0] * 5, [0.0] * 8 + [1.0] * 2 + [1.0] * 5
    assert mcnemar(a, b) == pytest.approx(2 * sum([1, 10, 45]) / 2**10)  # 2 of 10 or fewer, both sides
    assert mcnemar(a, b) == mcnemar(b, a)
    assert mcnemar(a, a) == 1


def test_mcnemar_needs_pairs() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        mcnemar((1.0,), (1.0, 0.0))


def test_paired_difference() -> None:
    difference, low, high = paired_difference(A, B)
    assert difference == pytest.approx(100 * (np.mean(A) - np.mean(B)))
    assert low < difference < high
    spread = 100 * stats.sem(np.array(A) - np.array(B))
    assert high - low == pytest.approx(2 * 1.96 * spread, rel=0.1)
