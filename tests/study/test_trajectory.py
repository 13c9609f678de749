"""Curves of tokens left, and what many of them cost."""

from __future__ import annotations

import numpy as np
import pytest

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import CostModel
from tldr_search.cost.shape import Shape
from tldr_search.study.ground import Ground
from tldr_search.study.trajectory import Curves


def ground(method: str, shape: Shape | None = None) -> Ground:
    evaluated = architecture("umt-mini").geometry
    return Ground(CostModel(architecture("umt-b"), method), evaluated, *([shape] if shape else []))


def test_a_curve_is_the_logarithm_of_the_tokens_left() -> None:
    curves = Curves(ground("tome")).of([(1176, 588, *[0] * 10)])
    assert curves[0] == pytest.approx([np.log(2)] + [np.log(4)] * 11)
    stages = Curves(ground("sta")).of([(98, 0, 98)])  # 12, 6 and 3 groups of 2352 tokens
    assert stages[0] == pytest.approx([np.log(2)] * 2 + [-np.log(882 / 2352)])


@pytest.mark.parametrize("method", ["vid-tldr", "tome", "sta"])
def test_curves_lead_back_to_their_schedules(method: str) -> None:
    curves = Curves(ground(method))
    schedule = [9, 30, 0] if method == "sta" else [600, 1, 100, 0, 0, 7, 0, 0, 0, 0, 0, 3]
    assert curves.schedules(curves.of([tuple(schedule)]))[0].tolist() == schedule


@pytest.mark.parametrize("method", ["vid-tldr", "tome", "sta"])
def test_prices_of_many_are_those_of_the_cost_model(method: str) -> None:
    place, rng = ground(method), np.random.default_rng(1)
    curves = Curves(place)
    schedules = [place.clip((rng.random(place.slots) ** 2 * 500).astype(int).tolist()) for _ in range(50)]
    expected = [place.cost(schedule).gflops for schedule in schedules]
    assert curves.prices(curves.of(schedules)) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("method", ["vid-tldr", "tome", "sta"])
def test_prices_add_up_slot_by_slot(method: str) -> None:
    place = ground(method)
    curves = Curves(place)
    schedule = place.clip([40] * place.slots)
    left = np.exp(-curves.of([schedule])[0])
    before = np.concatenate([[1.0], left[:-1]])
    steps = sum(float(curves.step_prices(s, before[s : s + 1], left[s : s + 1])[0]) for s in range(place.slots))
    ones = np.ones(1)
    none = sum(float(curves.step_prices(s, ones, ones)[0]) for s in range(place.slots))
    saved = curves.prices(np.zeros((1, place.slots)))[0] - curves.prices(curves.of([schedule]))[0]
    assert none - steps == pytest.approx(saved)


def test_scaled_curves_lie_on_the_budget() -> None:
    curves, rng = Curves(ground("tome")), np.random.default_rng(0)
    scaled = curves.scaled(rng.dirichlet(np.ones(12), 20), 150.0)
    assert curves.prices(scaled) == pytest.approx(np.full(20, 150.0), rel=1e-3)
    assert (np.diff(scaled, axis=1, prepend=0) <= np.log(2) + 1e-9).all()


def test_wishes_for_the_shape_are_kept() -> None:
    curves, rng = Curves(ground("tome", Shape(first_layers=4, non_increasing=True))), np.random.default_rng(0)
    scaled = curves.scaled(rng.dirichlet(np.ones(12), 20), 200.0)
    left = np.exp(-np.concatenate([np.zeros((20, 1)), scaled], axis=1))
    leaves = -np.diff(left, axis=1)
    assert np.abs(leaves[:, 4:]).max() < 1e-9
    assert (np.diff(leaves[:, :4], axis=1) <= 1e-6).all()
