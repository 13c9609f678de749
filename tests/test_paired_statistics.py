"""One paired test for the search and the report: ties are ties, whatever floats have rounded."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest
from references import mcnemar
from scipy.stats import wilcoxon

from tldr_search.report.compare import MCNEMAR, WILCOXON, difference_of
from tldr_search.report.compare import test_name as name_of_test
from tldr_search.scores import Outcomes, paired_difference, paired_p
from tldr_search.study.racing import stalled, worse


def of_three(hits: int) -> float:
    return fmean([1.0] * hits + [0.0] * (3 - hits))


@pytest.mark.parametrize(("up", "down"), [((1, 0), (2, 3)), ((3, 2), (1, 2)), ((2, 1), (1, 2))])
def test_equal_differences_of_means_over_seeds_are_ties(up: tuple[int, int], down: tuple[int, int]) -> None:
    """1/3 - 0 and 1 - 2/3 differ by a rounding."""
    a, b = (tuple([of_three(up[i])] * 12 + [of_three(down[i])] * 5) for i in (0, 1))
    expected = float(wilcoxon([1] * 12 + [-1] * 5).pvalue)
    assert paired_p(a, b) == pytest.approx(expected)
    assert difference_of(Outcomes(a), Outcomes(b)).p == pytest.approx(expected)


def test_equal_numbers_of_hits_are_ties_however_many_samples_a_video_has() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 80, 150)
    first = rng.binomial(counts, 0.6)
    second = np.clip(first + rng.choice([-1, 0, 0, 1, 1], 150), 0, counts)
    a, b = (tuple((hits / counts).tolist()) for hits in (first, second))
    gained = (first - second)[first != second]
    assert paired_p(a, b, counts.tolist()) == pytest.approx(float(wilcoxon(gained).pvalue))
    assert paired_p(a, b, counts.tolist(), "less") == pytest.approx(float(wilcoxon(gained, alternative="less").pvalue))
    assert worse(a, b, paired_p(a, b, counts.tolist(), "less"), counts.tolist())


def test_mcnemar_needs_both_sides_right_or_wrong() -> None:
    hits, between = (1.0, 0.0, 1.0, 1.0, 0.0, 1.0), (0.9, 0.1, 0.4, 0.2, 0.3, 0.5)
    for a, b in ((hits, between), (between, hits)):
        apart = np.round(np.subtract(a, b), 6)
        assert paired_p(a, b) == pytest.approx(float(wilcoxon(apart).pvalue)) != pytest.approx(_signs(apart))
        assert paired_p(a, b, (), "less") == pytest.approx(float(wilcoxon(apart, alternative="less").pvalue))


def _signs(differences: np.ndarray) -> float:
    """The sign test of them."""
    return mcnemar(tuple((differences > 0).astype(float)), tuple((differences < 0).astype(float)))


def test_right_or_wrong_on_several_samples_is_not_mcnemars() -> None:
    """Five samples of a video weigh more than one."""
    a, b, counts = (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 1.0, 1.0), (9, 1, 2, 3)
    assert paired_p(a, b, counts) == pytest.approx(float(wilcoxon([9, -1, -2, -3]).pvalue))
    assert paired_p(a, b) == pytest.approx(mcnemar(a, b)) != paired_p(a, b, counts)


def test_the_test_is_named_after_the_outcomes() -> None:
    hits, several, between = Outcomes((1.0, 0.0)), Outcomes((1.0, 0.0), (2, 3)), Outcomes((0.5, 0.0))
    assert name_of_test([hits, hits]) == MCNEMAR == "exact McNemar test"
    assert {name_of_test(found) for found in ([several, several], [hits, between], [between, hits])} == {WILCOXON}


def test_other_samples_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="5 samples of 2 videos against 2 samples of 2 videos"):
        difference_of(Outcomes((1.0, 0.0), (2, 3)), Outcomes((1.0, 0.0)))
    with pytest.raises(ValueError, match="1 outcomes against 2; pairs"):
        paired_difference((1.0,), (1.0, 0.0))


def test_worse_at_its_level_and_not_below() -> None:
    losses, wins = [0.0] * 5 + [1.0], [1.0] * 5 + [1.0]
    level = paired_p(losses, wins, (), "less")
    assert level == pytest.approx(1 / 2**5)
    assert worse(losses, wins, level)
    assert not worse(losses, wins, level * (1 - 1e-9))


def hits(number: int) -> list[float]:
    return [1.0] * number + [0.0] * (100 - number)


def test_each_of_several_trials_must_gain_at_its_share_of_the_level() -> None:
    """Five more hits have p = 1/32: below 0.05, above 0.05 / 2."""
    assert not stalled([hits(50), hits(55)], 1)
    assert stalled([hits(50), hits(55), hits(50)], 2)


def test_a_gain_is_one_over_the_best_so_far() -> None:
    assert stalled([hits(50), hits(80), hits(80)], 1)


def test_the_best_so_far_has_the_most_hits() -> None:
    """And not the highest mean over videos: 8 of 9 samples, against 1 of 9."""
    counts = [8, 1] * 20
    most, least = [1.0, 0.0] * 20, [0.0, 1.0] * 20
    assert stalled([least, most, most], 1, counts)
    assert not stalled([least, least, most], 1, counts)
    assert [worse(a, b, 0.05, counts) for a, b in pairwise([most, least, most])] == [False, True]
