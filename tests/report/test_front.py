"""The non-dominated set."""

from __future__ import annotations

import dataclasses

import pytest

from tldr_search.study.front import front
from tldr_search.study.result import Point

TEMPLATE = Point("tome", (1,), (1,), 0.0, 0.0, "sampler", 0.0, {}, (), 0.0, 0.0, 0)


def at(price: float, score: float, method: str = "tome") -> Point:
    return dataclasses.replace(TEMPLATE, price=price, score=score, method=method)


def pairs(points: tuple[Point, ...]) -> list[tuple[float, float]]:
    return [(p.price, p.score) for p in points]


def test_keeps_what_nothing_beats_by_rising_cost() -> None:
    points = (at(300, 75), at(180, 70), at(180, 65), at(100, 66), at(250, 69))
    assert pairs(front(points)) == [(100, 66), (180, 70), (300, 75)]


def test_a_tie_keeps_both_in_their_order() -> None:
    assert [p.method for p in front((at(180, 70, "sta"), at(180, 70, "tome")))] == ["sta", "tome"]


def test_costs_of_one_rung_count_as_equal() -> None:
    assert pairs(front((at(179.9, 60), at(180, 70)))) == [(180, 70)]
    assert len(front((at(179.9, 70), at(180, 70)))) == 2
    assert len(front((at(179.9, 60), at(180, 70)), same_cost=0)) == 2


def test_same_score_for_less() -> None:
    assert pairs(front((at(180, 70), at(100, 70)))) == [(100, 70)]


@pytest.mark.parametrize("points", [(), (at(180, 70),)])
def test_small(points: tuple[Point, ...]) -> None:
    assert front(points) == points
