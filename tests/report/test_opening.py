"""What the page says first: nothing that the result does not hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from tldr_search.report import opening
from tldr_search.report.compare import Difference
from tldr_search.report.rows import Row, at_budget, lead, rows
from tldr_search.report.words import NBSP
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]
SURE, UNSURE = Difference(4.0, 2.0, 6.0, 0.001, 0.004), Difference(-1.0, -3.0, 1.0, 0.4, 0.8)
HIGHER = 99.0


def with_higher_shape(result: Result, tried: float | None) -> tuple[Result, Point]:
    """vid-TLDR's shape scores the most at the budget; on the search split it was tried on so much of the samples, or not at all."""
    shape = next(p for p in result.known if (p.method, p.origin, p.budget) == ("vid-tldr", "vid-tldr", 180.0))
    higher = dataclasses.replace(shape, score=HIGHER)
    trials = tuple(t for t in result.trials if (t.method, t.schedule) != (shape.method, shape.schedule))
    if tried is not None:
        trials += (dataclasses.replace(shape, score=61.5, part=tried),)
    return dataclasses.replace(result, known=tuple(higher if p is shape else p for p in result.known), trials=trials), higher


@pytest.mark.parametrize(
    "tried, told",
    [
        (1.0, "on the search split it scored 61.5 %, this schedule"),
        (0.25, "on the search split its trial was stopped early"),
        (None, "it was not tried on the search split"),
    ],
)
def test_a_known_shape_that_did_better_is_told_with_what_the_search_knew_of_it(result: Result, tried: float | None, told: str) -> None:
    found, higher = with_higher_shape(result, tried)
    table = rows(found)
    best = at_budget(table, 180.0)[0]
    better = opening.better_shape(table, best)
    assert better is not None
    assert better.point is higher
    said = opening.above(found, best, better).replace(NBSP, " ")
    assert said.startswith("Of the known shapes at this cost, vid-TLDR with vid-TLDR’s shape scored 99.0 % here, more than this schedule; ")
    assert told in said


def test_nothing_is_told_of_shapes_that_did_no_better(result: Result) -> None:
    table = rows(result)
    best = at_budget(table, 180.0)[0]
    lower = dataclasses.replace(result, known=tuple(dataclasses.replace(p, score=best.point.score) for p in result.known))
    assert opening.better_shape(rows(lower), best) is None


@pytest.mark.parametrize(
    "constant, random, told",
    [
        (
            SURE,
            SURE,
            "4.0 points above the same method’s constant r and 4.0 points above random dropping at the same cost; both differences are",
        ),
        (
            UNSURE,
            UNSURE,
            "1.0 point below the same method’s constant r and 1.0 point below random dropping at the same cost; neither difference is",
        ),
        (UNSURE, SURE, "; only the difference from random dropping is"),
        (SURE, UNSURE, "; only the difference from constant r is"),
        (None, SURE, "This schedule is 4.0 points above random dropping at the same cost; the difference is"),
        (UNSURE, None, "This schedule is 1.0 point below the same method’s constant r at the same cost; the difference is not"),
        (
            UNSURE._replace(points=0.04),
            None,
            "This schedule is level with the same method’s constant r at the same cost; the difference is not",
        ),
    ],
)
def test_differences_are_told_with_whether_they_can_be_chance(
    best: Row, constant: Difference | None, random: Difference | None, told: str
) -> None:
    said = opening.against(best._replace(is_constant=False, to_constant=constant, to_random=random))
    assert told + " significant." in said.replace(NBSP, " ")


def test_what_was_not_measured_is_not_compared(best: Row) -> None:
    assert opening.against(best._replace(is_constant=True, to_constant=None, to_random=None)) == ""


def test_the_next_method_is_that_of_the_search_split(result: Result) -> None:
    first, second, *_ = winners = at_budget(rows(result), 180.0)
    assert first.search_score is not None
    assert second.search_score is not None
    assert first.search_score >= second.search_score
    said = opening.chosen(result, second, lead(first, winners[1:])).replace(NBSP, " ")
    name = {"vid-tldr": "vid-TLDR", "tome": "ToMe", "sta": "STA"}[second.point.method]
    assert f"where {name}, {second.point.score:.1f} % here, came next; on these samples the two can’t be told apart." in said
    assert "told apart" not in opening.chosen(result, second, SURE)
    assert opening.chosen(result, None, None) == ""


@pytest.fixture(scope="module")
def best(result: Result) -> Row:
    return at_budget(rows(result), 180.0)[0]
