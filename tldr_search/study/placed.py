"""Schedules at rungs: known shapes, brought to a budget."""

from __future__ import annotations

from typing import NamedTuple

from tldr_search.study.budget import OnBudget, UnreachableError, repair
from tldr_search.study.ground import Ground
from tldr_search.study.result import Point
from tldr_search.study.space import shape


class Placed(NamedTuple):
    """A schedule of a method at a rung."""

    method: str
    budget: float
    origin: str
    """Name of a known shape, or where the search found it."""
    on_budget: OnBudget


def place(ground: Ground, budget: float, name: str) -> Placed | None:
    """The known shape `name` at a budget; None where it does not reach that."""
    try:
        return Placed(ground.method.spec, budget, name, repair(shape(name, ground.method, ground.source), budget, ground))
    except UnreachableError:
        return None


def placed(found: Point) -> Placed:
    """Where a point lies."""
    return Placed(found.method, found.budget, found.origin, OnBudget(found.schedule, found.evaluated, found.gflops, found.price))
