"""Statistics over outcomes, against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tldr_search.scores import Rate, bootstrap_interval, by_video, estimate, harmonic_mean, paired_difference, paired_p

RNG = np.random.default_rng(0)
A = tuple((RNG.random(200) < 0.7).astype(float).tolist())
B = tuple((RNG.random(200) < 0.6).astype(float).tolist())


def test_bootstrap_interval_is_scipys() -> None:
    theirs = stats.bootstrap((np.array(A),), np.mean, method="percentile", rng=np.random.default_rng(1)).confidence_interval
    assert bootstrap_interval(A) == pytest.approx((100 * theirs.low, 100 * theirs.high), abs=0.6)
    assert bootstrap_interval(A) == bootstrap_interval(A)


def test_bootstrap_of_many_different_outcomes_is_scipys() -> None:
    values = np.random.default_rng(0).beta(8, 2, size=200)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(1)).confidence_interval
    assert bootstrap_interval(tuple(values)) == pytest.approx((100 * theirs.low, 100 * theirs.high), abs=0.2)


def test_bootstrap_of_equal_outcomes_has_no_width() -> None:
    assert bootstrap_interval((1.0,) * 50) == (100, 100)


def test_bootstrap_of_outcomes_between() -> None:
    values = tuple(RNG.random(100).tolist())
    low, high = bootstrap_interval(values)
    assert high - low == pytest.approx(2 * 1.96 * 100 * stats.sem(values), rel=0.1)


def test_samples_of_one_video_are_one_outcome() -> None:
    rate = Rate(np.array([1.0, 0, 1, 1, 0, 1]), np.array([7, 7, 7, 2, 5, 5]), tuple("abcdef"))
    outcomes, names = by_video(rate)
    assert outcomes == (pytest.approx((1, 1 / 2, 2 / 3)), (1, 2, 3))
    assert names == ("video 2, 1 samples", "video 5, 2 samples", "video 7, 3 samples")
    assert outcomes.score == pytest.approx(100 * rate.hits.mean())
    assert (outcomes.num_samples, outcomes.num_videos, outcomes.is_exact) == (6, 3, False)
    alone, names = by_video(Rate(np.array([1.0, 0]), np.array([4, 2]), ("a", "b")))
    assert (alone, names) == (((1.0, 0.0), ()), ("a", "b"))
    assert (alone.num_samples, alone.num_videos, alone.is_exact) == (2, 2, True)


def test_mcnemar_by_hand() -> None:
    a, b = [1.0] * 8 + [0.0] * 2 + [1.0] * 5, [0.0] * 8 + [1.0] * 2 + [1.0] * 5
    assert paired_p(a, b) == pytest.approx(2 * sum([1, 10, 45]) / 2**10)  # 2 of 10 or fewer, both sides
    assert paired_p(a, b) == paired_p(b, a)
    assert paired_p(a, a) == 1


def test_mcnemar_needs_pairs() -> None:
    with pytest.raises(ValueError, match="1 outcomes against 2; pairs"):
        paired_p((1.0,), (1.0, 0.0))


def test_paired_difference() -> None:
    difference, low, high = paired_difference(A, B)
    assert difference == pytest.approx(100 * (np.mean(A) - np.mean(B)))
    assert low < difference < high
    spread = 100 * stats.sem(np.array(A) - np.array(B))
    assert high - low == pytest.approx(2 * 1.96 * spread, rel=0.1)


def rate(hits, clusters) -> Rate:
    return Rate(np.array(hits, dtype=float), np.array(clusters), tuple(f"s{i}" for i in range(len(hits))))


def problem(num_clusters: int, most: int, seed: int) -> Rate:
    """Samples of a cluster fare alike."""
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(num_clusters), rng.integers(1, most + 1, num_clusters))
    return rate(rng.random(len(clusters)) < rng.beta(0.5, 0.5, num_clusters)[clusters], clusters)


def slowly(parts, mean, strata, resamples: int = 4000):
    """Draws clusters, one after the other, and counts."""
    rng = np.random.default_rng(7)
    values = []
    for _ in range(resamples):
        drawn = [c for own in strata for c in rng.choice(own, size=len(own))]
        hits = [[h for c in drawn for h in part.hits[part.clusters == c]] for part in parts]
        values.append(mean([np.mean(h) for h in hits]))
    return 100 * np.std(values, ddof=1), *np.quantile(100 * np.array(values), [0.025, 0.975])


def test_an_estimate_of_single_samples_is_their_bootstrap() -> None:
    found = estimate([rate(A, range(len(A)))])
    assert (found.low, found.high) == bootstrap_interval(A)
    assert found.value == pytest.approx(100 * np.mean(A))
    assert found.stderr == pytest.approx(100 * stats.sem(A), rel=0.05)
    assert estimate([rate(A, range(len(A)))], level=0.5).high < found.high


def test_clusters_are_drawn_whole() -> None:
    part = problem(25, 6, 1)
    expected = slowly([part], lambda rates: rates[0], [np.arange(25)])
    found = estimate([part])
    assert found.value == pytest.approx(100 * part.hits.mean())
    assert found[1:] == pytest.approx(expected, rel=0.08)
    assert found.stderr > 1.2 * 100 * stats.sem(part.hits)  # as if they were independent


def test_parts_that_share_clusters_are_drawn_together() -> None:
    """What lifts one part lowers the other, so that their mean hardly moves."""
    hits = np.tile([1.0, 0.0, 1.0, 1.0], 10)
    parts = [rate(hits, range(40)), rate(1 - hits, range(40))]
    together = estimate(parts)
    assert together[:2] == pytest.approx((50, 0), abs=1e-9)
    apart = estimate([parts[0], rate(1 - hits, range(40, 80))])
    assert apart.stderr == pytest.approx(100 * np.hypot(stats.sem(hits), stats.sem(1 - hits)) / 2, rel=0.05)


@pytest.mark.parametrize("harmonic", [False, True])
def test_means_of_two_parts(harmonic: bool) -> None:
    a = problem(25, 4, 2)
    b = rate([1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1], np.arange(20, 31))  # some clusters are of one part, some of the other, some of both
    strata = [np.arange(20), np.arange(20, 25), np.arange(25, 31)]
    mean = (lambda r: 2 * r[0] * r[1] / (r[0] + r[1])) if harmonic else np.mean
    found = estimate([a, b], harmonic=harmonic)
    assert found.value == pytest.approx(100 * mean([a.hits.mean(), b.hits.mean()]))
    assert found[1:] == pytest.approx(slowly([a, b], mean, strata), rel=0.08)


def test_no_part_runs_empty() -> None:
    assert estimate([rate([1.0], [0]), rate([1, 0], [1, 2])], harmonic=True).low == 0
    assert estimate([rate([1.0], [0]), rate([1, 1], [1, 2])], harmonic=True) == (100, 0, 100, 100)


def test_harmonic_mean() -> None:
    rates = RNG.random((3, 5, 2))
    assert harmonic_mean(rates) == pytest.approx(stats.hmean(rates, axis=-1))
    assert harmonic_mean(np.array([[0.0, 0.0], [0.0, 1.0], [92.9, 67.7]])) == pytest.approx([0, 0, 78.3], abs=0.05)
