"""The surrogate against what it was fitted to, and the searchers on it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from compare import FLOOR, judge
from contenders import SEARCHERS, Step, World
from surrogate import LANDSCAPE, METHODS, Recorded, Ridge, Surrogate, ground, recorded

from tldr_search.scores import Request

STA = Surrogate("sta")


def test_enough_was_recorded_in_a_small_file() -> None:
    assert LANDSCAPE.stat().st_size < 5 * 2**20
    for method in METHODS:
        found, sizes = recorded(method)
        assert len(found.schedules) == len({tuple(s) for s in found.schedules.tolist()}) >= 500
        assert sizes == [50, 100, 200]


def test_a_hit_among_many_is_a_hit_among_few() -> None:
    found, (few, some, _) = recorded("tome")[0], recorded("tome")[1]
    small, whole = found.hits[:, :few], found.hits[:, few + some : few + some + few]
    assert (small >= whole).all()


def test_it_predicts_what_it_was_not_fitted_to_better_than_the_mean() -> None:
    found = recorded("sta")[0]
    scores, test = 100 * found.hits[:, -200:].mean(axis=1), np.arange(len(found.schedules)) % 5 == 0
    fitted = Surrogate("sta", Recorded(*(column[~test] for column in found)))
    error = np.sqrt(np.mean((fitted.quality(found.schedules[test].tolist()) - scores[test]) ** 2))
    assert error < 0.5 * scores[test].std()


def test_hyper_parameters_have_the_least_left_out_error() -> None:
    rng = np.random.default_rng(0)
    points, columns = rng.random((12, 2)), rng.random((12, 3))
    ridge, score = Ridge(points, columns, columns.mean(axis=1)), columns.mean(axis=1)
    centred, kernel = score - score.mean(), ridge._regularised(1.0, 0.1)
    errors = []
    for out in range(12):
        rest = [i for i in range(12) if i != out]
        cross = kernel[out, rest]
        errors.append(centred[out] - cross @ np.linalg.solve(kernel[np.ix_(rest, rest)], centred[rest]))
    assert ridge._left_out_error(1.0, 0.1, centred) == pytest.approx(np.mean(np.square(errors)))


def test_what_is_shown_is_drawn_once_and_near_the_truth() -> None:
    shown = [STA.outcomes((r, 4, 2), 1.0) for r in range(1, 13)]
    assert set(np.unique(shown)) == {0.0, 1.0}
    assert (STA.outcomes((3, 4, 2), 1.0) == shown[2]).all()
    truth = STA.quality([(r, 4, 2) for r in range(1, 13)])
    assert 100 * np.mean(shown) == pytest.approx(truth.mean(), abs=1.5)


def test_requests_are_answered_as_by_an_evaluator() -> None:
    found = STA.measure(Request("sta", (3, 4, 2), "search", "t2v_r1", 0.5))
    assert (found.num_videos, len(found.outcomes)) == (100, 100)
    assert found.score == pytest.approx(100 * np.mean(found.outcomes))
    probe = STA.measure(Request("sta", (9, 0, 0), "search", "fidelity", 0.125))
    assert len(probe.outcomes) == 25
    assert 0.9 < np.mean(probe.outcomes) <= 1


@pytest.mark.parametrize("name", SEARCHERS)
def test_searchers_say_what_they_spent_and_chose(name: str) -> None:
    here = World(STA, ground("sta"), 180.0)
    steps = list(itertools.takewhile(lambda step: step.passes <= 8, SEARCHERS[name](here, 0)))
    passes = [step.passes for step in steps]
    assert passes == sorted(passes)
    chosen = [step.choice for step in steps if step.choice is not None]
    assert {*chosen} <= {step.evaluated for step in steps if step.gflops <= 180}
    if name == "ours":
        assert all(0.998 * 180 < step.gflops <= 180 for step in steps)


def test_figures_by_hand() -> None:
    here = World(STA, ground("sta"), 180.0)
    good, bad = (8, 4, 0), (17, 8, 8)
    best = float(STA.quality([good])[0])
    found = judge([Step(5, 200.0, bad, None), Step(11, 179.9, bad, bad), Step(20, 179.8, good, good)], here, best)
    assert found.regret[10] == pytest.approx(best - FLOOR)
    assert found.regret[20] == found.regret[50] == pytest.approx(0, abs=1e-9)
    assert found.until == 20
    assert found.off_budget == pytest.approx(1 / 3)
    base, start = here.ground.base, 0.998 * 180
    area = (best - FLOOR) * (base - 179.8)
    assert found.hypervolume[20] == pytest.approx(100 * area / ((100 - FLOOR) * (base - start)), rel=1e-6)
