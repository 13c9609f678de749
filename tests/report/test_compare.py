"""Paired tests and their correction, against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from references import mcnemar

from tldr_search.report.compare import Difference, corrected, holm
from tldr_search.scores import paired_p


def signed_rank(differences: list[float]) -> float:
    """Wilcoxon (1945), exact: the share of the 2^n signs whose rank sum lies as far from its mean as the one found."""
    order = sorted(range(len(differences)), key=lambda i: abs(differences[i]))
    ranks = {index: rank for rank, index in enumerate(order, 1)}
    mean = sum(ranks.values()) / 2
    found = abs(sum(rank for i, rank in ranks.items() if differences[i] > 0) - mean)
    sums = [
        sum(rank for rank, up in zip(ranks.values(), signs, strict=True) if up) for signs in itertools.product((0, 1), repeat=len(ranks))
    ]
    return sum(abs(total - mean) >= found for total in sums) / len(sums)


@pytest.mark.parametrize("seed", range(4))
def test_continuous_outcomes_are_compared_by_signed_ranks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(size=9), rng.uniform(size=9)
    assert paired_p(a.tolist(), b.tolist()) == pytest.approx(signed_rank((a - b).tolist()))


def test_samples_that_are_equal_take_no_part() -> None:
    a, b = [0.9, 0.8, 0.3, 0.5, 0.7], [0.6, 0.7, 0.5, 0.5, 0.1]
    assert paired_p(a, b) == pytest.approx(signed_rank([0.3, 0.1, -0.2, 0.6]))
    assert paired_p(a, a) == 1.0


def test_hits_are_compared_by_mcnemar() -> None:
    a, b = [1.0] * 9 + [0.0] * 3, [1.0] * 2 + [0.0] * 9 + [1.0]
    assert paired_p(a, b) == pytest.approx(mcnemar(a, b))


def test_holm() -> None:
    # Holm (1979), worked by hand: 4 x .01, then 3 x .013 = .039 raised to .04, 2 x .02 = .04, .9.
    assert holm((0.02, 0.01, 0.9, 0.013)) == pytest.approx((0.04, 0.04, 0.9, 0.04))
    assert holm((0.6, 0.7)) == (1.0, 1.0)
    assert holm((0.03,)) == (0.03,)
    assert holm(()) == ()


def test_what_has_no_p_value_takes_no_part_in_the_correction() -> None:
    tested, untested = Difference(1.0, 0.0, 2.0, 0.03, 0.03), Difference(-9.0, -12.0, -6.0, None, None)
    assert corrected([tested, None, untested, tested]) == [tested._replace(p_holm=0.06), None, untested, tested._replace(p_holm=0.06)]
