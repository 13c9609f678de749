"""The Gaussian process, against its equations solved naively."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from tldr_search.study.surface import Observed, Surface, expected_improvement, observed

RNG = np.random.default_rng(0)
X = RNG.random((12, 3)).cumsum(axis=1)
D = RNG.random(12)
Y = 80 - 5 * D + RNG.normal(size=12)
OBSERVED = [Observed((i,), float(y), 0.5 + i % 3) for i, y in enumerate(Y)]
NONE = np.zeros((0, 3)), np.zeros(0)


def naive(surface: Surface, x: np.ndarray, d: float) -> tuple[float, float]:
    """Mean and deviation at one point, by the joint normal distribution of it and the observations."""
    a, length, factor = surface._hyper
    points, damages = np.vstack([X, x]), np.append(D, d) / D.max()
    joint = np.array(
        [
            [a**2 * np.exp(-np.sum((p - q) ** 2) / (2 * length**2)) + 100 + 36 * s * t for q, t in zip(points, damages, strict=True)]
            for p, s in zip(points, damages, strict=True)
        ]
    )
    noisy = joint[:-1, :-1] + np.diag([factor * (o.variance + 0.05**2) for o in OBSERVED])
    prior = Y.max() - 4 * damages
    mean = prior[-1] + joint[-1, :-1] @ np.linalg.inv(noisy) @ (Y - prior[:-1])
    return mean, np.sqrt(joint[-1, -1] - joint[-1, :-1] @ np.linalg.inv(noisy) @ joint[-1, :-1])


def test_the_posterior_is_that_of_a_joint_normal_distribution() -> None:
    surface = Surface(X, D, OBSERVED, *NONE)
    queries, damages = RNG.random((4, 3)).cumsum(axis=1), RNG.random(4)
    means, spreads = surface(queries, damages)
    for query, damage, mean, spread in zip(queries, damages, means, spreads, strict=True):
        assert (mean, spread) == pytest.approx(naive(surface, query, damage))


def test_what_is_being_measured_is_less_uncertain_but_as_expected() -> None:
    place = np.array([[0.5, 1.0, 3.0]]), np.array([0.9])
    before, after = Surface(X, D, OBSERVED, *NONE)(*place), Surface(X, D, OBSERVED, *place)(*place)
    assert after[0] == pytest.approx(before[0], abs=1e-6)
    assert after[1] < before[1]


def test_one_observation_will_do() -> None:
    mean, spread = Surface(X[:1], D[:1], OBSERVED[:1], *NONE)(X[:1], D[:1])
    assert mean == pytest.approx(Y[:1], abs=0.5)
    assert spread[0] > 0


def test_expected_improvement_is_the_mean_gain() -> None:
    draws = norm.rvs(1.0, 2.0, size=400_000, random_state=0)
    found = expected_improvement(np.array([1.0]), np.array([2.0]), 1.5)
    assert found[0] == pytest.approx(np.maximum(draws - 1.5, 0).mean(), abs=0.01)


def test_a_schedule_stopped_early_counts_by_its_paired_difference() -> None:
    best = {0.5: [1, 1, 0, 1], 1.0: [1, 1, 0, 1, 1, 1, 1, 1]}
    other = {0.5: [1, 1, 0, 1], 1.0: [1, 1, 0, 1, 1, 1, 1, 0]}
    whole, _, early = observed([((1,), best), ((3,), other), ((2,), {0.5: [1, 0, 0, 1]})])
    assert whole.score == pytest.approx(87.5)
    assert early.score == pytest.approx(62.5)
    assert early.variance > whole.variance > 0
    assert not observed([((2,), {0.5: [1, 0, 0, 1]})])


def test_videos_weigh_as_many_samples_as_they_have() -> None:
    counts = {0.5: [4, 1, 1, 2], 1.0: [4, 1, 1, 2, 1, 3, 2, 1]}
    best = {0.5: [1, 1, 0, 0.5], 1.0: [1, 1, 0, 0.5, 1, 1, 1, 1]}
    whole, early = observed([((1,), best), ((2,), {0.5: [0.25, 1, 0, 0.5]})], counts)
    assert whole.score == pytest.approx(100 * (4 + 1 + 0 + 1 + 1 + 3 + 2 + 1) / 15)
    assert early.score == pytest.approx(whole.score - 100 * 3 / 8)  # three hits fewer of eight
    assert early.variance > whole.variance > 0


def test_the_variance_of_one_schedule_is_that_of_a_ratio() -> None:
    """By drawing videos; numbers of samples that vary add nothing where all videos fare alike."""
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 20, 300)
    values = rng.binomial(counts, rng.beta(0.5, 0.2, 300)) / counts
    (found,) = observed([((1,), {1.0: values.tolist()})], {1.0: counts.tolist()})
    drawn = [rng.integers(300, size=300) for _ in range(3000)]
    assert found.variance > 100**2 / 300**2
    assert found.variance == pytest.approx(np.var([100 * (values[d] @ counts[d]) / counts[d].sum() for d in drawn]), rel=0.1)
    (alike,) = observed([((1,), {1.0: [0.6] * 300})], {1.0: counts.tolist()})
    assert alike.variance == pytest.approx(100**2 / 300**2)  # as if one video differed


def test_the_variance_is_that_between_schedules() -> None:
    """By simulation: hard samples are common to all, and each schedule has luck of its own."""
    rng = np.random.default_rng(0)
    chances, stated, scores = rng.beta(0.3, 0.1, 200), [], []
    for _ in range(200):
        runs = (rng.random((4, 200)) < chances).astype(float)
        found = observed([((i,), {1.0: outcomes}) for i, outcomes in enumerate(runs.tolist())])
        stated += [o.variance for o in found]
        scores.append([o.score for o in found])
    assert np.mean(stated) == pytest.approx(np.var(scores, axis=1, ddof=1).mean(), rel=0.1)
