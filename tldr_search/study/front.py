"""The non-dominated set: schedules that no other schedule beats in both cost and score."""

from __future__ import annotations

from collections.abc import Iterable

from tldr_search.study.result import Point

SAME_COST = 0.002
"""Prices this close (relative) count as one: every trial lies at most 0.2 % below its rung."""


def dominates(a: Point, b: Point, same_cost: float = SAME_COST) -> bool:
    """`a` scores more at the same price or a lower one, or scores the same and costs less by more than `same_cost`.

    Two points of one score and one price (within `same_cost`) don't dominate each other: a tie keeps both.
    """
    if a.score > b.score:
        return a.price <= b.price * (1 + same_cost)
    return a.score == b.score and a.price * (1 + same_cost) < b.price


def front(points: Iterable[Point], same_cost: float = SAME_COST) -> tuple[Point, ...]:
    """The points that no other one dominates, by rising price; points of equal price by falling score, then as they came."""
    candidates = tuple(points)
    best = (p for p in candidates if not any(dominates(q, p, same_cost) for q in candidates))
    return tuple(sorted(best, key=lambda p: (p.price, -p.score)))
