"""Areas and knees of what is drawn, known shapes among it; resamples are those that are documented: 1000, seed 0, 95 %."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from tldr_search.report.quality import Hypervolume, hypervolumes, knee
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]
BASE = 100.0


def point(method: str, price: float, outcomes: tuple[float, ...], counts: tuple[int, ...] = ()) -> Point:
    score = 100 * sum(w * o for w, o in zip(counts or [1] * len(outcomes), outcomes, strict=True)) / (sum(counts) or len(outcomes))
    return Point(method, (1,), (1,), price, price, "sampler", score, {}, outcomes, 1.0, price, len(outcomes), counts=counts)


def fared(seed: int, chance: float, counts: tuple[int, ...]) -> tuple[float, ...]:
    rng = np.random.default_rng(seed)
    return tuple((rng.binomial(counts, chance) / np.array(counts)).tolist())


def of(result: Result) -> dict[tuple[str, bool], Hypervolume]:
    return {(found.method, found.searched): found for found in hypervolumes(result)}


def slowly(points: list[Point], counts: list[int], draws: np.ndarray) -> tuple[float, float]:
    """Of a method whose points have rising prices; `draws`: how often each video was drawn."""
    areas = []
    for times in draws:
        best = area = 0.0
        for i, p in enumerate(points):
            hits = sum(t * w * o for t, w, o in zip(times, counts, p.outcomes, strict=True))
            best = max(best, 100 * hits / sum(t * w for t, w in zip(times, counts, strict=True)))
            area += best * ((points[i + 1].price if i + 1 < len(points) else BASE) - p.price) / BASE
        areas.append(area)
    low, high = np.percentile(areas, [2.5, 97.5])
    return float(low), float(high)


def test_documented_resamples_of_hits_and_misses(build: Build) -> None:
    ones = (1,) * 80
    own = [point("tome", 40, fared(1, 0.5, ones)), point("tome", 70, fared(2, 0.7, ones))]
    result = build(base=point("none", BASE, fared(3, 0.8, ones)), winners=tuple(own), baselines=(), known=())
    rows, counts = np.unique(np.array([p.outcomes for p in own]).T, axis=0, return_counts=True)
    times = np.random.default_rng(0).multinomial(80, counts / 80, size=1000)
    twins = [dataclasses.replace(p, outcomes=tuple(column)) for p, column in zip(own, rows.T.tolist(), strict=True)]
    assert hypervolumes(result)[0][3:] == pytest.approx(slowly(twins, [1] * len(rows), times))


def test_resamples_of_videos_with_several_samples(build: Build) -> None:
    counts = tuple(np.random.default_rng(0).integers(1, 9, 90).tolist())
    own = [point("tome", 40, fared(1, 0.5, counts), counts), point("tome", 70, fared(2, 0.7, counts), counts)]
    result = build(base=point("none", BASE, fared(3, 0.8, counts), counts), winners=tuple(own), baselines=(), known=())
    rng = np.random.default_rng(5)
    times = np.array([np.bincount(rng.integers(90, size=90), minlength=90) for _ in range(2000)])
    low, high = slowly(own, list(counts), times)
    assert hypervolumes(result)[0][3:] == pytest.approx((low, high), abs=0.05 * (high - low))
    with pytest.raises(ValueError, match="the same ones for all would be accepted"):
        hypervolumes(dataclasses.replace(result, base=dataclasses.replace(result.base, counts=counts[::-1])))


def test_a_baseline_of_a_searched_method_has_an_area_of_its_own(build: Build) -> None:
    ones = (1,) * 40
    searched, baseline = point("random", 40, fared(1, 0.9, ones)), point("random", 70, fared(2, 0.3, ones))
    base = point("none", BASE, fared(3, 0.9, ones))
    both = of(dataclasses.replace(build(), base=base, winners=(searched,), baselines=(baseline,), known=()))
    assert both["random", True].percent == pytest.approx(0.6 * searched.score)
    assert both["random", False].percent == pytest.approx(0.3 * baseline.score)


def test_a_known_shape_can_be_the_knee(build: Build) -> None:
    ones = (1,) * 10
    base, cheap = point("none", BASE, (1.0,) * 10), point("tome", 20, (1.0,) * 2 + (0.0,) * 8)
    known = dataclasses.replace(point("tome", 40, (*fared(1, 1.0, ones)[:9], 0.0)), origin="constant")
    assert knee(build(base=base, winners=(cheap,), baselines=(), known=(known,))) is known
    assert knee(build(base=base, winners=(cheap,), baselines=(), known=())) is None
