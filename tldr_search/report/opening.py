"""What the page says first, in sentences: the best schedule against what else was measured at its cost. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from tldr_search.report.compare import Difference
from tldr_search.report.rows import Row, same_rung
from tldr_search.report.words import NBSP, SHAPES, method_name
from tldr_search.study.result import Result

SIGNIFICANT = 0.05
"""Of a corrected p-value."""


def better_shape(rows: Sequence[Row], best: Row) -> Row | None:
    """The known shape at the cost of `best` that scored the most on the report split, if that is more than `best` did."""
    known = [row for row in rows if row.role == "known" and same_rung(row.point.budget, best.point.budget)]
    most = max(known, key=lambda row: row.point.score, default=None)
    return most if most and most.point.score > best.point.score else None


def against(best: Row) -> str:
    """How far `best` is from constant r and from random dropping at its cost; empty where neither was measured."""
    compared = ((best.to_constant, "the same method’s constant r"), (best.to_random, method_name("random")))
    found = [(value, what) for value, what in compared if value and not (best.is_constant and value is best.to_constant)]
    if not found:
        return ""
    told = " and ".join(f"{plain(value)} {what}" for value, what in found)
    return f"This schedule is {told} at the same cost; {_verdict([value for value, _ in found])}."


def chosen(result: Result, second: Row | None, lead: Difference | None) -> str:
    """That the method was chosen, too, and what the next best there reaches here; `lead` is how far the best is from it."""
    if second is None or lead is None:
        return ""
    reached = f"{method_name(second.point.method)}, {second.point.score:.1f}{NBSP}% here, came next"
    told = "" if is_significant(lead) else "; on these samples the two can’t be told apart"
    return f"Method and schedule were chosen on the {result.search_split} split, where {reached}{told}."


def above(result: Result, best: Row, better: Row) -> str:
    """A known shape that scored more here, and what the search knew of it; without its full stop."""
    name = f"{method_name(better.point.method)} with {SHAPES.get(better.point.origin, better.point.origin)}"
    scored = f"Of the known shapes at this cost, {name} scored {better.point.score:.1f}{NBSP}% here, more than this schedule"
    return f"{scored}; {_searched(result, best, better)}"


def plain(value: Difference) -> str:
    """A difference in words: `4.0 points below`, `0.3 points above`, `level with`."""
    points = round(value.points, 1)
    if not points:
        return "level with"
    return f"{abs(points):.1f}{NBSP}point{'' if abs(points) == 1 else 's'} {'above' if points > 0 else 'below'}"


def is_significant(value: Difference) -> bool:
    """After Holm's correction."""
    return value.p_holm is not None and value.p_holm < SIGNIFICANT


def _verdict(differences: Sequence[Difference]) -> str:
    """Of one or two differences, the first of which is from constant r if there are two."""
    sure = [is_significant(value) for value in differences]
    if len(sure) == 1:
        return f"the difference is {'' if sure[0] else 'not '}significant"
    if sure[0] is sure[1]:
        return f"{'both differences are' if sure[0] else 'neither difference is'} significant"
    return f"only the difference from {'constant r' if sure[0] else method_name('random')} is significant"


def _searched(result: Result, best: Row, better: Row) -> str:
    """What a known shape did on the search split: it is a starting point of its method's search, unless the method was not searched."""
    split = f"on the {result.search_split} split"
    if better.search_score is not None:
        return f"{split} it scored {better.search_score:.1f}{NBSP}%, this schedule {best.search_score:.1f}{NBSP}%"
    key = (better.point.method, better.point.schedule)
    if any((trial.method, trial.schedule) == key for trial in result.trials):
        return f"{split} its trial was stopped early"
    return f"it was not tried {split}"
