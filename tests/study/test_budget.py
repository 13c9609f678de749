"""Exact repair: on the budget, possible on both models, in proportion."""

from __future__ import annotations

import itertools
import random
from typing import cast

import numpy as np
import pytest

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import FREE, CostModel, Shape
from tldr_search.reducers import METHODS
from tldr_search.schedule import Schedule, transfer
from tldr_search.study.budget import TOLERANCE, Ground, UnreachableError, repair

MINI = architecture("umt-mini").geometry
CHEAPER = [name for name, method in METHODS.items() if not method.observes]
"""Methods that do not run the whole model first."""

SHAPES = [
    Shape(first_layers=3),
    Shape(non_increasing=True),
    Shape(multiple_of=8),
    Shape(first_layers=5, non_increasing=True),
    Shape(first_layers=6, multiple_of=16),
    Shape(non_increasing=True, multiple_of=4),
    Shape(first_layers=9, non_increasing=True, multiple_of=8),
]


def ground(method: str, model: str = "umt-b", shape: Shape = FREE) -> Ground:
    return Ground(CostModel(architecture(model), method), MINI if model in ("umt-b", "umt-mini") else architecture(model).geometry, shape)


def keeps(schedule: Schedule, place: Ground) -> bool:
    """The constraints, in their own words."""
    first, falling, step = place.shape
    layers = place.method.acting_layers(place.source)
    late = any(r for layer, r in zip(layers, schedule, strict=True) if first is not None and layer >= first)
    return not late and all(r % step == 0 for r in schedule) and (not falling or list(schedule) == sorted(schedule, reverse=True))


def lowered(schedule: Schedule, place: Ground) -> list[Schedule]:
    """Every other schedule that one step less in one slot leaves possible."""
    step, found = place.shape.multiple_of, []
    for slot, r in enumerate(schedule):
        other = (*schedule[:slot], r - step, *schedule[slot + 1 :])
        if r >= step and keeps(other, place):
            try:
                place.method.full(other, place.source)
            except ValueError:
                continue
            found.append(other)
    return found


@pytest.mark.parametrize("method", [*CHEAPER, "tome:metric=features"])
@pytest.mark.parametrize("power", [1, 3, 8])
def test_random_shares_lie_on_any_budget(method: str, power: int) -> None:
    place, rng = ground(method), random.Random(power)
    for _ in range(150):
        budget = rng.uniform(100, 295)
        found = repair([(rng.random() ** power) + 1e-6 for _ in range(place.slots)], budget, place)
        assert budget * (1 - TOLERANCE) < found.gflops <= budget
        assert place.cost(found.schedule).gflops == found.gflops
        assert place.method.full(found.evaluated, MINI) == transfer(found.schedule, place.method, place.source, MINI)


@pytest.mark.parametrize("method", CHEAPER)
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


@pytest.mark.parametrize("budget", [180, 290])
def test_what_runs_the_model_twice_is_out_of_reach(budget: float) -> None:
    place = ground("rollout")
    assert not place.reaches(budget)
    with pytest.raises(UnreachableError):
        repair([1.0] * place.slots, budget, place)


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


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("method", ["vid-tldr", "sta", "random"])
def test_constraints_hold_and_nothing_more_could_be_kept(method: str, shape: Shape) -> None:
    place, rng = ground(method, shape=shape), random.Random(1)
    close = 0
    for _ in range(25):
        budget = rng.uniform(place.least + 5, 0.97 * place.base)
        found = repair([rng.random() ** 2 + 1e-6 for _ in range(place.slots)], budget, place)
        assert keeps(found.schedule, place)
        assert found.price <= budget
        assert place.method.full(found.evaluated, MINI) == transfer(found.schedule, place.method, place.source, MINI)
        if found.price > budget * (1 - TOLERANCE):
            close += 1
        else:
            assert not any(found.price < place.price(other) <= budget for other in lowered(found.schedule, place))
    assert close >= (1 if method == "sta" else 13)


@pytest.mark.parametrize("shape", [FREE, *SHAPES], ids=str)
def test_more_budget_never_costs_less(shape: Shape) -> None:
    place, rng = ground("tome", shape=shape), random.Random(2)
    shares = [rng.random() + 0.05 for _ in range(place.slots)]
    prices = [repair(shares, budget, place).price for budget in range(130, 290, 8)]
    assert prices == sorted(prices)


@pytest.mark.parametrize("shape", [Shape(non_increasing=True), Shape(multiple_of=3), Shape(2, True, 2)], ids=str)
@pytest.mark.parametrize("method", ["tome", "random"])
def test_of_a_tiny_model_no_schedule_is_between_it_and_the_budget(method: str, shape: Shape) -> None:
    """Brute force: every schedule that keeps the constraints, of which those with entries no larger than the found one's lie above."""
    arch = architecture("umt-b", dim=48, depth=4, heads=4, frames=4, image_size=32, patch_size=16)
    place, rng = Ground(CostModel(arch, method), arch.geometry, shape), random.Random(3)
    everything = [s for s in itertools.product(range(arch.num_tokens), repeat=4) if keeps(s, place) and possible(s, place)]
    prices = dict(zip(everything, place.prices(np.array(everything)).tolist(), strict=True))
    assert place.least == min(prices.values())
    for _ in range(40):
        budget = rng.uniform(1.02 * place.least, 0.99 * place.base)
        try:
            found = repair([rng.random() + 0.01 for _ in range(4)], budget, place)
        except UnreachableError:
            assert budget < 1.3 * place.least  # the shares are not those of the least
            continue
        inside = [s for s in everything if s != found.schedule and all(a <= b for a, b in zip(s, found.schedule, strict=True))]
        assert prices[found.schedule] == found.price <= budget
        assert found.price > budget * (1 - TOLERANCE) or not any(found.price < prices[s] <= budget for s in inside)


def possible(schedule: Schedule, place: Ground) -> bool:
    try:
        place.method.full(schedule, place.source)
    except ValueError:
        return False
    return True


def test_shares_that_must_not_increase_are_the_nearest() -> None:
    from scipy.optimize import minimize

    place, rng = ground("sta", shape=Shape(non_increasing=True)), random.Random(4)
    for _ in range(5):
        shares = [rng.random() for _ in range(3)]
        falls = [{"type": "ineq", "fun": lambda x, i=i: x[i] - x[i + 1]} for i in range(2)]
        nearest = minimize(lambda x, shares=shares: sum((a - b) ** 2 for a, b in zip(x, shares, strict=True)), shares, constraints=falls).x
        assert place.project(shares) == pytest.approx(nearest, abs=1e-4)


def test_first_layers_leave_no_share_behind_them() -> None:
    assert ground("sta", shape=Shape(first_layers=5)).project([1.0, 2.0, 3.0]) == (1.0, 2.0, 0.0)


@pytest.mark.parametrize("model", ["umt-b", "videomae-b", "clip-b16"])
@pytest.mark.parametrize("method", [*METHODS, "tome:metric=features"])
def test_many_prices_at_once_are_those_one_by_one(method: str, model: str) -> None:
    place, rng = ground(method, model), random.Random(5)
    schedules = [place.clip([rng.randrange(60) * rng.randrange(2) for _ in range(place.slots)]) for _ in range(40)]
    assert place.prices(np.array(schedules)).tolist() == [place.cost(schedule).gflops for schedule in schedules]


def test_any_price_may_be_the_budget() -> None:
    """Milliseconds that are dear where it is decided: what would be cheaper with fewer decisions is still on its budget."""
    cost = CostModel(architecture("umt-b"), "tome")

    def milliseconds(schedule: Schedule) -> float:
        return sum(layer.tokens_in * 1e-3 + 0.2 * (layer.tokens_out < layer.tokens_in) for layer in cost(schedule).layers)

    place, rng = Ground(cost, MINI, measured=milliseconds, unit="ms"), random.Random(6)
    assert place.base == pytest.approx(12 * 2.352)
    assert place.least == min(milliseconds(place.cheapest[:k] + place.none[k:]) for k in range(13))
    assert place.reaches(20)
    assert not place.reaches(30)
    for _ in range(20):
        found = repair([rng.random() + 0.01 for _ in range(12)], 20, place)
        assert 20 * (1 - TOLERANCE) < found.price <= 20
        assert found.price == milliseconds(found.schedule)
        assert found.gflops == cost(found.schedule).gflops


def test_few_schedules_are_counted() -> None:
    place, rng = ground("vid-tldr"), random.Random(0)
    cost, counted = place.cost, list[Schedule]()
    place.cost = cast(CostModel, lambda schedule: counted.append(schedule) or cost(schedule))
    for _ in range(50):
        counted.clear()
        repair([rng.random() for _ in range(12)], rng.uniform(100, 295), place)
        assert len(counted) <= 80
        assert len(counted) == len(set(counted))
