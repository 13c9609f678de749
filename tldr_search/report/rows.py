"""Every measured schedule with its statistics: the rows that all tables are made of. Pure functions of a `Result`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tldr_search.report.compare import Difference, corrected, difference, interval, to_base
from tldr_search.report.words import SHAPES
from tldr_search.study.front import front
from tldr_search.study.result import Point, Result

CONSTANT = "constant"
"""Origin of a schedule that is as even as its cost and half of each layer's tokens allow."""


class Row(NamedTuple):
    """One schedule on the report split."""

    role: str
    """`base`, `winner`, `baseline` or `known`."""
    point: Point
    ci95: tuple[float, float]
    """95 % interval of the score."""
    percent_of_base: float
    """Its price in per cent of the unreduced model's."""
    on_front: bool
    """Nothing else measured on the report split beats it in price and score."""
    is_constant: bool
    """Its schedule is the method's constant r on its rung."""
    shapes: tuple[str, ...]
    """Origins of the known shapes that its schedule is, at its cost: that of its own, then those measured on its rung. Empty for none."""
    to_base: Difference | None
    """Against the unreduced model; None for the unreduced model."""
    to_constant: Difference | None
    """Of a winner against the same method's constant r on the same rung; None where that was not measured, or is the same schedule."""
    to_random: Difference | None
    """Against random dropping on the same rung; None where there is none, and for known shapes."""
    search_score: float | None
    """Score on the whole search split; None if it wasn't tried there, or was stopped early."""


def lead(best: Row, others: Sequence[Row]) -> Difference | None:
    """`best` against the first of `others`, corrected for all of them; None if there are none."""
    return next(iter(corrected([difference(best.point, other.point) for other in others])), None)


def same_rung(a: float, b: float) -> bool:
    """Two budgets are one rung of the ladder."""
    return math.isclose(a, b, rel_tol=1e-6)


def rows(result: Result) -> tuple[Row, ...]:
    """The base, then the winners, the baselines and the known shapes: each by falling rung, in the order of methods of the result.

    Each kind of comparison is corrected by Holm's method over all rows of its role: every method at every rung was looked at.
    """
    on_front = {id(p) for p in front((result.base, *result.winners, *result.baselines, *result.known))}
    groups = {"base": (result.base,), "winner": result.winners, "baseline": result.baselines, "known": result.known}
    return tuple(
        row
        for role, points in groups.items()
        for row in _corrected([_row(result, role, p, id(p) in on_front) for p in sorted(points, key=lambda p: -p.budget)])
    )


def listed(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Without the known shapes that are the searched schedule of their method on their rung: that row says so."""
    found = tuple(rows)
    searched = [(row.point.method, row.point.schedule, row.point.budget) for row in found if row.role == "winner"]

    def is_searched(point: Point) -> bool:
        key = (point.method, point.schedule)
        return any((method, schedule) == key and same_rung(budget, point.budget) for method, schedule, budget in searched)

    return tuple(row for row in found if row.role != "known" or not is_searched(row.point))


def num_tests(rows: Iterable[Row], role: str, *names: str) -> tuple[int, ...]:
    """How many p-values of each kind, `to_base` and so on, the rows of one role have: Holm's method corrected them for one another."""
    own = [row for row in rows if row.role == role]
    found = ([getattr(row, name) for row in own] for name in names)
    return tuple(sum(d is not None and d.p is not None for d in differences) for differences in found)


def at_budget(rows: Iterable[Row], budget: float) -> tuple[Row, ...]:
    """The winners at `budget`, best score on the search split first, then as they come; `ValueError` if there is none.

    The order is the search split's because the report split, which the claims are made on, must not choose among the methods.
    """
    winners = [r for r in rows if r.role == "winner" and same_rung(r.point.budget, budget)]
    if not winners:
        raise ValueError(f"the result has no winner at its budget of {budget:g}; a study that finished has one")
    return tuple(sorted(winners, key=lambda r: -_chosen_by(r)))


def baselines_at(rows: Iterable[Row], budget: float) -> tuple[Row, ...]:
    """The baselines at `budget`, as they come."""
    return tuple(r for r in rows if r.role == "baseline" and same_rung(r.point.budget, budget))


def random_at(result: Result, budget: float) -> Point | None:
    """Random dropping on that rung: the best, if there are several."""
    found = [p for p in result.baselines if p.method == "random" and same_rung(p.budget, budget)]
    return max(found, key=lambda p: p.score, default=None)


def constant_at(result: Result, method: str, budget: float) -> Point | None:
    """The constant r of `method` on that rung; None where it was not measured."""
    return next((p for p in result.known if (p.method, p.origin) == (method, CONSTANT) and same_rung(p.budget, budget)), None)


def shapes_of(result: Result, point: Point) -> tuple[str, ...]:
    """Origins of the known shapes that the schedule of `point` is, its own first; of others, only those measured on its rung count."""
    there = (p for p in (*result.known, *result.baselines) if p.method == point.method and same_rung(p.budget, point.budget))
    same = {p.origin for p in there if p.schedule == point.schedule}
    return tuple(dict.fromkeys(shape for shape in (point.origin, *SHAPES) if shape in SHAPES and shape in {point.origin, *same}))


def methods(points: Iterable[Point]) -> tuple[str, ...]:
    """Their methods, each once, as they come."""
    return tuple(dict.fromkeys(p.method for p in points))


def _row(result: Result, role: str, point: Point, on_front: bool) -> Row:
    random = random_at(result, point.budget) if role in ("winner", "baseline") and point.method != "random" else None
    constant = constant_at(result, point.method, point.budget) if role == "winner" else None
    same = constant is not None and constant.schedule == point.schedule
    return Row(
        role=role,
        point=point,
        ci95=interval(point.sampled),
        percent_of_base=100 * point.price / result.base.price,
        on_front=on_front,
        is_constant=same,
        shapes=shapes_of(result, point),
        to_base=None if role == "base" else to_base(point.sampled, result.base.sampled, result.objective),
        to_constant=None if constant is None or same else difference(point, constant),
        to_random=None if random is None else difference(point, random),
        search_score=_search_score(result, role, point),
    )


def _corrected(rows: Sequence[Row]) -> list[Row]:
    """The rows of one role, each kind of comparison corrected for all of them."""
    to_base = corrected(row.to_base for row in rows)
    to_constant = corrected(row.to_constant for row in rows)
    to_random = corrected(row.to_random for row in rows)
    found = zip(rows, to_base, to_constant, to_random, strict=True)
    return [row._replace(to_base=a, to_constant=b, to_random=c) for row, a, b, c in found]


def _chosen_by(winner: Row) -> float:
    if winner.search_score is None:
        raise ValueError(
            f"the result has no trial of the winner {winner.point.method} {winner.point.schedule}; a study that finished has one"
        )
    return winner.search_score


def _search_score(result: Result, role: str, point: Point) -> float | None:
    if role == "base":
        return result.base_search.score
    key = (point.method, point.schedule)
    return next((t.score for t in result.trials if (t.method, t.schedule) == key and t.part == 1), None)
