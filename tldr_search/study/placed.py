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


def shaped(spec: str, name: str) -> str:
    """A method with a known shape, in words: `sta with vid-tldr's shape`, `sta with constant r`."""
    return f"{spec} with {name} r" if name in ("constant", "decreasing") else f"{spec} with {name}'s shape"


def placed(found: Point) -> Placed:
    """Where a point lies."""
    return Placed(found.method, found.budget, found.origin, OnBudget(found.schedule, found.evaluated, found.gflops, found.price))
