"""The knee and the area under a front, against counts of unit squares and resamples drawn one by one."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import numpy as np
import pytest

from tldr_search.report.quality import hypervolume, hypervolumes, knee, knee_of, measured
from tldr_search.study.front import front
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]
TEMPLATE = Point("tome", (1,), (1,), 0.0, 0.0, "sampler", 0.0, {}, (), 0.0, 0.0, 0)


def at(price: float, score: float, method: str = "tome", outcomes: tuple[float, ...] = ()) -> Point:
    return dataclasses.replace(TEMPLATE, price=price, score=score, method=method, outcomes=outcomes)


def test_knee_is_farthest_above_the_chord() -> None:
    points = (at(100, 40), at(150, 70), at(200, 78), at(300, 80))
    assert knee_of(points) is points[1]  # heights: 0, 0.75 - 0.25, 0.95 - 0.5, 0


@pytest.mark.parametrize("seed", range(20))
def test_knee_by_distance_from_a_line(seed: int) -> None:
    rng = random.Random(seed)
    points = front([at(40, 10), *(at(rng.uniform(50, 300), rng.uniform(20, 90)) for _ in range(30)), at(310, 95)])
    a, b = np.array([0.0, 0.0]), np.array([1.0, 1.0])
    scaled = [
        np.array([(p.price - points[0].price) / (points[-1].price - points[0].price), (p.score - points[0].score)
                  / (points[-1].score - points[0].score)])
        for p in points
    ]  # fmt: skip
    distances = [((b - a)[0] * (p - a)[1] - (b - a)[1] * (p - a)[0]) / np.linalg.norm(b - a) for p in scaled]
    expected = points[int(np.argmax(distances))] if len(points) > 2 and max(distances) > 1e-9 else None
    assert knee_of(points) == expected


@pytest.mark.parametrize(
    "points",
    [
        (),
        (at(100, 40), at(300, 80)),
        (at(100, 40), at(200, 60), at(300, 80)),  # on the chord
        (at(100, 40), at(250, 50), at(300, 80)),  # below it
        (at(100, 40), at(100, 40), at(100, 40)),  # no width
        (at(100, 40), at(200, 40), at(300, 40)),  # no height
    ],
    ids=["none", "two", "on the chord", "below", "no width", "no height"],
)
def test_no_knee(points: tuple[Point, ...]) -> None:
    assert knee_of(points) is None


def test_the_cheapest_of_equal_knees() -> None:
    points = (at(0, 0), at(25, 50), at(50, 75), at(100, 100))  # both 0.25 above
    assert knee_of(points) is points[1]


def test_knee_of_a_result_is_on_the_front_of_everything(result: Result) -> None:
    found = knee(result)
    assert found is not None
    assert found in measured(result)
    everything = (result.base, *result.winners, *result.baselines, *result.known)
    assert not any(p.price <= found.price and p.score > found.score for p in everything)


@pytest.mark.parametrize("seed", range(10))
def test_area_is_a_count_of_unit_squares(seed: int) -> None:
    rng = random.Random(seed)
    prices, scores = [rng.randrange(1, 130) for _ in range(8)], [rng.randrange(0, 101) for _ in range(8)]
    covered = sum(any(p <= x and s >= y + 1 for p, s in zip(prices, scores, strict=True)) for x in range(100) for y in range(100))
    area = hypervolume(np.array(prices, dtype=float), np.array(scores, dtype=float), 100.0)
    assert area == pytest.approx(100 * covered / (100 * 100))


def test_every_row_of_scores_has_its_area() -> None:
    prices, scores = np.array([80.0, 20.0]), np.array([[50.0, 30.0], [10.0, 60.0]])
    # price 20 first: 30 over 60, then 50 over 20; the second row is 60 all along, since what costs more scores less
    assert hypervolume(prices, scores, 100.0).tolist() == pytest.approx([0.6 * 30 + 0.2 * 50, 0.8 * 60])


def test_one_per_method_the_searched_ones_first(result: Result) -> None:
    found = hypervolumes(result)
    assert [(h.method, h.searched) for h in found] == [("vid-tldr", True), ("tome", True), ("sta", True), ("random", False)]
    assert all(0 < h.low <= h.percent <= h.high < 100 for h in found)
    assert found == hypervolumes(result)


def test_interval_is_that_of_resamples_drawn_one_by_one(result: Result) -> None:
    found = next(h for h in hypervolumes(result) if h.method == "tome")
    own = sorted((w for w in result.winners if w.method == "tome"), key=lambda w: w.price)
    rng, areas, n = np.random.default_rng(7), [], len(own[0].outcomes)
    for _ in range(1000):
        rows = rng.integers(n, size=n)
        best = area = 0.0
        for i, point in enumerate(own):
            best = max(best, 100 * float(np.mean([point.outcomes[r] for r in rows])))
            area += best * ((own[i + 1].price if i + 1 < len(own) else result.base.price) - point.price)
        areas.append(area / result.base.price)
    low, high = np.percentile(areas, [2.5, 97.5])
    width = high - low
    assert found.low == pytest.approx(low, abs=0.15 * width)
    assert found.high == pytest.approx(high, abs=0.15 * width)


def test_the_same_resamples_for_all(result: Result) -> None:
    twins = tuple(dataclasses.replace(w, method="twin") for w in result.winners if w.method == "sta")
    found = {h.method: h for h in hypervolumes(dataclasses.replace(result, winners=(*result.winners, *twins)))}
    assert found["twin"][2:] == found["sta"][2:]


def test_missing_cost_levels_are_missing_area(result: Result) -> None:
    few = tuple(w for w in result.winners if w.method != "tome" or w.budget > 200)
    whole, part = (
        next(h.percent for h in hypervolumes(r) if h.method == "tome") for r in (result, dataclasses.replace(result, winners=few))
    )
    assert 0 < part < whole


def test_without_uncertainty_there_is_no_interval(build: Build) -> None:
    ones = (1.0,) * 10
    base, own = at(100, 100, "none", ones), at(60, 100, "tome", ones)
    found = hypervolumes(build(base=base, winners=(own,), baselines=(), known=()))
    assert [tuple(h) for h in found] == [("tome", True, *[pytest.approx(40)] * 3)]


def test_other_samples_are_refused(result: Result) -> None:
    short = dataclasses.replace(result.winners[0], outcomes=result.winners[0].outcomes[:100])
    with pytest.raises(ValueError, match=r"points of \[100, 300\] samples"):
        hypervolumes(dataclasses.replace(result, winners=(short, *result.winners[1:])))
