"""Every measured schedule with its statistics: the rows that all tables are made of. Pure functions of a `Result`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tldr_search.scores import mcnemar, paired_difference
from tldr_search.study.front import front
from tldr_search.study.result import Point, Result


class Difference(NamedTuple):
    """A score minus another one over the same samples."""

    points: float
    """In percentage points."""
    low: float
    """Lower end of its 95 % interval (paired bootstrap)."""
    high: float
    """Upper end."""
    p: float
    """Two-sided exact McNemar test, on its own."""
    p_holm: float
    """`p`, corrected by Holm's method for the other methods that were compared in the same way."""


class Row(NamedTuple):
    """One schedule on the report split."""

    role: str
    """`base`, `winner` or `baseline`."""
    point: Point
    ci95: tuple[float, float]
    """95 % interval of the score."""
    percent_of_base: float
    """Its GFLOPs in per cent of the unreduced model's."""
    on_front: bool
    """Nothing else measured on the report split beats it in cost and score."""
    to_base: Difference | None
    """Against the unreduced model; None for the unreduced model."""
    to_random: Difference | None
    """Against random dropping on the same rung; None where there is none."""
    search_score: float | None
    """Score on the search split; None if it wasn't tried there."""


def difference(a: Point, b: Point) -> Difference:
    """The score of `a` minus that of `b`, paired by sample; the only comparison of its kind."""
    p = mcnemar(a.outcomes, b.outcomes)
    return Difference(*paired_difference(a.outcomes, b.outcomes), p, p)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm (1979): with p_(1) <= ... <= p_(m), the i-th becomes max over j <= i of (m - j + 1) p_(j), at most 1."""
    corrected, highest = list(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return tuple(corrected)


def lead(best: Row, others: Sequence[Row]) -> Difference | None:
    """`best` against the first of `others`, corrected for all of them; None if there are none."""
    return next(iter(_holm([difference(best.point, other.point) for other in others])), None)


def same_rung(a: float, b: float) -> bool:
    """Two budgets are one rung of the ladder."""
    return math.isclose(a, b, rel_tol=1e-6)


def rows(result: Result) -> tuple[Row, ...]:
    """The base, then the winners, then the baselines: each by falling rung, in the order of methods that the result has."""
    on_front = {id(p) for p in front((result.base, *result.winners, *result.baselines))}
    groups = {"base": (result.base,), "winner": result.winners, "baseline": result.baselines}
    return tuple(
        row
        for role, points in groups.items()
        for _, rung in itertools.groupby(sorted(points, key=lambda p: -p.budget), key=lambda p: p.budget)
        for row in _corrected([_row(result, role, point, id(point) in on_front) for point in rung])
    )


def at_budget(rows: Iterable[Row], budget: float) -> tuple[Row, ...]:
    """The winners at `budget`, best score on the search split first, then as they come; `ValueError` if there is none.

    The order is the search split's because the report split, which the claims are made on, must not choose among the methods.
    """
    winners = [r for r in rows if r.role == "winner" and same_rung(r.point.budget, budget)]
    if not winners:
        raise ValueError(f"the result has no winner at its budget of {budget:g} GFLOPs; a study that finished has one")
    return tuple(sorted(winners, key=lambda r: -_chosen_by(r)))


def random_at(result: Result, budget: float) -> Point | None:
    """Random dropping on that rung: the best, if there are several."""
    found = [p for p in result.baselines if p.method == "random" and same_rung(p.budget, budget)]
    return max(found, key=lambda p: p.score, default=None)


def methods(points: Iterable[Point]) -> tuple[str, ...]:
    """Their methods, each once, as they come."""
    return tuple(dict.fromkeys(p.method for p in points))


def _row(result: Result, role: str, point: Point, on_front: bool) -> Row:
    rival = random_at(result, point.budget) if point.method != "random" else None
    return Row(
        role=role,
        point=point,
        ci95=point.ci95,
        percent_of_base=100 * point.gflops / result.base.gflops,
        on_front=on_front,
        to_base=None if role == "base" else difference(point, result.base),
        to_random=None if rival is None else difference(point, rival),
        search_score=_search_score(result, role, point),
    )


def _corrected(rung: Sequence[Row]) -> list[Row]:
    """The rows of one role at one rung, each kind of comparison corrected for how many methods there are."""
    to_base, to_random = _holm([row.to_base for row in rung]), _holm([row.to_random for row in rung])
    return [row._replace(to_base=a, to_random=b) for row, a, b in zip(rung, to_base, to_random, strict=True)]


def _holm(differences: Sequence[Difference | None]) -> list[Difference | None]:
    p_values = iter(holm([d.p for d in differences if d]))
    return [d and d._replace(p_holm=next(p_values)) for d in differences]


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
    return next((t.score for t in result.trials if (t.method, t.schedule) == key), None)
