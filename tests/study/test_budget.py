"""Exact repair: on the budget, possible on both models, in proportion."""

from __future__ import annotations

import random
from typing import cast

import pytest

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import CostModel
from tldr_search.reducers import METHODS
from tldr_search.schedule import Schedule, transfer
from tldr_search.study.budget import TOLERANCE, Ground, UnreachableError, repair

MINI = architecture("umt-mini").geometry


def ground(method: str, model: str = "umt-b") -> Ground:
    return Ground(CostModel(architecture(model), method), MINI if model in ("umt-b", "umt-mini") else architecture(model).geometry)


@pytest.mark.parametrize("method", [*METHODS, "tome:metric=features"])
@pytest.mark.parametrize("power", [1, 3, 8])
def test_random_shares_lie_on_any_budget(method: str, power: int) -> None:
    place, rng = ground(method), random.Random(power)
    for _ in range(150):
        budget = rng.uniform(100, 295)
        found = repair([(rng.random() ** power) + 1e-6 for _ in range(place.slots)], budget, place)
        assert budget * (1 - TOLERANCE) < found.gflops <= budget
        assert place.cost(found.schedule).gflops == found.gflops
        assert place.method.full(found.evaluated, MINI) == transfer(found.schedule, place.method, place.source, MINI)


@pytest.mark.parametrize("method", METHODS)
def test_slots_without_a_share_stay_empty(method: str) -> None:
    place, rng = ground(method), random.Random(0)
    reached = 0
    for _ in range(100):
        shares = [rng.random() * (rng.random() < 0.6) for _ in range(place.slots)]
        budget = rng.uniform(150, 295)
        try:
            found = repair(shares, budget, place)
        except UnreachableError:
            continue
        reached += 1
        assert budget * (1 - TOLERANCE) < found.gflops <= budget
        assert all(r == 0 for r, share in zip(found.schedule, shares, strict=True) if share == 0)
    assert reached > 50


@pytest.mark.parametrize("model", ["umt-mini", "umt-l", "videomae-b"])
@pytest.mark.parametrize("method", ["vid-tldr", "tome", "random"])
def test_other_models_count_their_own_cost(model: str, method: str) -> None:
    place, rng = ground(method, model), random.Random(1)
    for fraction in (0.4, 0.6, 0.9):
        budget = fraction * place.cost.base
        found = repair([rng.random() for _ in range(place.slots)], budget, place)
        assert budget * (1 - TOLERANCE) < found.gflops <= budget


def test_published_shape_at_its_own_cost() -> None:
    found = repair((600, 200, 100, *[0] * 9), 177.99, ground("vid-tldr"))
    assert found.schedule == (600, 200, 100, *[0] * 9)


def test_equal_shares_differ_by_one_token_at_most() -> None:
    schedule = repair([1.0] * 12, 218, ground("tome")).schedule
    assert max(schedule) - min(schedule) <= 1


def test_a_bound_layer_passes_its_share_on() -> None:
    schedule = repair((100, 1, *[0] * 10), 110, ground("tome")).schedule
    assert schedule[0] == 2352 // 2
    assert 0 < schedule[1] <= (2352 - schedule[0]) // 2


def test_only_proportions_matter() -> None:
    place = ground("vid-tldr")
    assert repair([1.0, 2.0, 3.0, *[1.0] * 9], 180, place) == repair([10.0, 20.0, 30.0, *[10.0] * 9], 180, place)


@pytest.mark.parametrize("shares", [(0.0,) * 12, (0.0,) * 11 + (1.0,)])
def test_out_of_reach_is_said(shares: tuple[float, ...]) -> None:
    with pytest.raises(UnreachableError, match="120"):
        repair(shares, 120, ground("tome"))


@pytest.mark.parametrize("shares", [(1.0,) * 3, (-1.0,) + (1.0,) * 11, (float("nan"),) * 12])
def test_what_is_no_share(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="would be accepted"):
        repair(shares, 180, ground("tome"))


def test_few_schedules_are_counted() -> None:
    place, rng = ground("vid-tldr"), random.Random(0)
    cost, counted = place.cost, list[Schedule]()
    place.cost = cast(CostModel, lambda schedule: counted.append(schedule) or cost(schedule))
    for _ in range(50):
        counted.clear()
        repair([rng.random() for _ in range(12)], rng.uniform(100, 295), place)
        assert len(counted) <= 80
        assert len(counted) == len(set(counted))
