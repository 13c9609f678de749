"""Probes, the damage that they imply, and the front that follows, against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import CostModel
from tldr_search.cost.shape import Shape
from tldr_search.study.budget import TOLERANCE
from tldr_search.study.ground import Ground
from tldr_search.study.sensitivity import LEAST_LEFT, Damage, _cheapest, first_front, on_front, probes
from tldr_search.study.trajectory import Curves

MINI = architecture("umt-mini").geometry


def ground(method: str, shape: Shape | None = None) -> Ground:
    return Ground(CostModel(architecture("umt-b"), method), MINI, *([shape] if shape else []))


@pytest.mark.parametrize(("method", "slots"), [("vid-tldr", 12), ("tome", 12), ("sta", 3)])
def test_a_probe_halves_the_tokens_in_one_slot(method: str, slots: int) -> None:
    place = ground(method)
    found = probes(place)
    assert [probe.slot for probe in found] == list(range(slots))
    for probe in found:
        assert sum(map(bool, probe.schedule)) == 1
        tokens = place.cost(probe.schedule).tokens
        assert tokens[-1] == pytest.approx(tokens[0] / 2, rel=0.01)
        assert probe.evaluated == place.evaluated(probe.schedule)


def test_only_slots_that_may_act_are_probed() -> None:
    assert [probe.slot for probe in probes(ground("tome", Shape(first_layers=3, non_increasing=True)))] == [0, 1, 2]


def test_damage_is_what_the_probes_say_and_adds_up_along_the_curve() -> None:
    place = ground("tome")
    curves = Curves(place)
    fidelities = {probe.schedule: 1 - 0.01 / (probe.slot + 1) for probe in probes(place)}
    damage = Damage.fit(fidelities, curves)
    for schedule, fidelity in fidelities.items():
        assert damage(curves.of([schedule]))[0] == pytest.approx(1 - fidelity)
    schedule = (600, 200, 100, *[0] * 9)
    x = -np.log(np.array([1752, 1552, 1452]) / 2352)
    a = 0.01 / (np.arange(3) + 1) / np.log(2) ** 2
    by_hand = a[0] * x[0] ** 2 + a[1] * (x[1] ** 2 - x[0] ** 2) + a[2] * (x[2] ** 2 - x[1] ** 2)
    assert damage(curves.of([schedule]))[0] == pytest.approx(by_hand, rel=1e-6)


def test_slots_without_a_probe_are_like_the_mean() -> None:
    curves = Curves(ground("sta"))
    some = {probe.schedule: 0.99 for probe in probes(curves.ground)[:2]}
    assert Damage.fit(some, curves).weights[2] == pytest.approx(Damage.fit(some, curves).weights[:2].mean())
    assert (Damage.fit({}, curves).weights == 1).all()


@pytest.mark.parametrize("slope", [1e-5, 1e-4, 1e-3])
def test_the_dynamic_programme_finds_what_brute_force_finds(slope: float) -> None:
    levels, curves = 8, Curves(ground("sta"))
    damage = Damage(np.array([0.05, 0.03, 0.01]), curves)
    grid = np.linspace(0, -np.log(LEAST_LEFT), levels)
    best = np.inf
    for path in itertools.product(grid, repeat=3):
        x = np.array([path])
        steps = np.exp(-np.diff(x, axis=1, prepend=0)[0])
        if (np.diff(x, prepend=0) < 0).any() or (steps < 1 - curves.limits - 1e-9).any():
            continue
        best = min(best, float(damage(x)[0] + slope * curves.prices(x)[0]))
    found = _cheapest(damage, slope, levels)[None]
    assert damage(found)[0] + slope * curves.prices(found)[0] == pytest.approx(best)


def test_the_front_avoids_slots_that_mind_and_reaches_every_budget() -> None:
    place = ground("tome")
    weights = np.full(12, 0.01)
    weights[0] = 1.0
    front = first_front(Damage(weights, Curves(place)))
    assert [c.price for c in front] == sorted((c.price for c in front), reverse=True)
    assert [c.damage for c in front] == sorted(c.damage for c in front)
    for budget in (100.0, 180.0, 260.0):
        found = on_front(front, budget, place)
        assert found is not None
        assert budget * (1 - TOLERANCE) < found[1].price <= budget
        assert found[1].schedule[0] < min(100, found[1].schedule[1])


def test_out_of_reach() -> None:
    assert on_front(first_front(Damage.fit({}, Curves(ground("sta")))), 10.0, ground("sta")) is None
