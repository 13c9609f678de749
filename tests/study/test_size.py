"""How many schedules lie on a budget: counted one by one, or estimated."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import FREE, CostModel, Shape
from tldr_search.study import size as module
from tldr_search.study.budget import TOLERANCE
from tldr_search.study.ground import Ground
from tldr_search.study.size import Size, size

TINY = architecture("umt-b", dim=48, depth=3, heads=4, frames=8, image_size=32, patch_size=8)
SHAPES = [FREE, Shape(first_layers=2), Shape(non_increasing=True), Shape(multiple_of=3), Shape(2, True, 2)]


def ground(method: str, shape: Shape) -> Ground:
    return Ground(CostModel(TINY, method), TINY.geometry, shape)


def counted(place: Ground, budget: float) -> int:
    """Schedule by schedule."""
    first, falling, step = place.shape
    acts = [first is None or layer < first for layer in place.method.acting_layers(place.source)]
    most = [place.method.largest(slot, place.source.num_tokens, place.source) for slot in range(place.slots)]
    total = 0
    for schedule in itertools.product(*(range(0, r + 1 if acts else 1, step) for r, acts in zip(most, acts, strict=True))):
        if not falling or list(schedule) == sorted(schedule, reverse=True):
            try:
                total += budget * (1 - TOLERANCE) < place.price(schedule) <= budget
            except ValueError:
                continue
    return total


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_few_are_counted_one_by_one(shape: Shape) -> None:
    place = ground("sta", shape)
    for share in (0.7, 0.9):
        budget = place.least + share * (place.base - place.least)
        assert size(place, budget) == Size(counted(place, budget), 0.0)


@pytest.mark.parametrize("shape", [FREE, Shape(non_increasing=True), Shape(first_layers=5)], ids=str)
def test_an_estimate_is_within_its_error(shape: Shape) -> None:
    arch = architecture("umt-b", image_size=112)
    place = Ground(CostModel(arch, "sta"), arch.geometry, shape)
    budget = 0.7 * place.base
    exact = size(place, budget)
    assert exact.stderr == 0
    space = module._Space(place, 0, 40_000)
    assert space.beginnings() is None
    found = space.estimate(budget, np.random.default_rng(0))
    assert abs(found.number - exact.number) < 4 * found.stderr + 0.05 * exact.number
    assert found.stderr < 0.2 * exact.number


def test_no_schedule_without_tokens_to_spare() -> None:
    assert size(ground("sta", FREE), 0.5 * ground("sta", FREE).least) == Size(0, 0.0)


@pytest.mark.parametrize(
    ("found", "said"),
    [(Size(3461, 0.0), "3461"), (Size(4e28, 5e27), "about 1e29"), (Size(3e9, 3e9), "of the order of 1e9"), (Size(0.2, 0.1), "few")],
)
def test_an_estimate_says_that_it_is_one(found: Size, said: str) -> None:
    assert str(found) == said
