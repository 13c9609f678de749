"""Methods at equal cost: each with its own searched schedule, and with the known shapes, at one budget. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tldr_search.report.compare import Difference, corrected, difference
from tldr_search.report.rows import Row, at_budget, same_rung
from tldr_search.report.words import SHAPES
from tldr_search.study.result import Result


class Line(NamedTuple):
    """One method at the budget, with every schedule that it was measured with."""

    method: str
    cells: tuple[Row | None, ...]
    """Its own searched schedule, then one per shape; None for what was not measured."""
    to_known: Difference | None
    """Its own schedule against the best known shape on the same split, which favours the shape; None if either is missing, and where both
    are one schedule: there is nothing to compare.
    """
    rival: str
    """That shape; among equals the one that has its own schedule, then the first column; empty if none was measured."""
    same_schedule: bool
    """Its own schedule is that shape's."""

    def is_best(self, cell: Row) -> bool:
        """No other cell of the line scores more; equals are all the best, and one alone is not."""
        scores = [other.point.score for other in self.cells if other]
        return len(scores) > 1 and cell.point.score == max(scores)


class EqualCost(NamedTuple):
    """The table."""

    shapes: tuple[str, ...]
    """Origins of the known shapes, column by column."""
    lines: tuple[Line, ...]
    """The searched methods, the best on the search split first, then those that were not searched."""

    @property
    def num_tests(self) -> int:
        """How many p-values were corrected for one another."""
        return sum(line.to_known is not None and line.to_known.p is not None for line in self.lines)


def equal_cost(result: Result, rows: Sequence[Row]) -> EqualCost | None:
    """The table at the budget asked for; None if no known shape of a searched method was measured there.

    Each line's difference is corrected by Holm's method over the lines.
    """
    own = {row.point.method: row for row in at_budget(rows, result.budget)}
    there = [r for r in rows if same_rung(r.point.budget, result.budget)]
    known = {(r.point.method, r.point.origin): r for r in there if r.role == "baseline" and r.point.origin in SHAPES}
    known |= {(r.point.method, r.point.origin): r for r in there if r.role == "known"}
    if not any(method in own for method, _ in known):
        return None
    origins = dict.fromkeys(origin for _, origin in known)
    shapes = (*(s for s in SHAPES if s in origins), *(s for s in origins if s not in SHAPES))
    methods = tuple(dict.fromkeys((*own, *(method for method, _ in known))))
    lines = [_line(method, own.get(method), {s: r for s in shapes if (r := known.get((method, s)))}, shapes) for method in methods]
    differences = corrected(line.to_known for line in lines)
    return EqualCost(shapes, tuple(line._replace(to_known=d) for line, d in zip(lines, differences, strict=True)))


def _line(method: str, own: Row | None, known: dict[str, Row], shapes: Sequence[str]) -> Line:
    same = {shape for shape, row in known.items() if own and row.point.schedule == own.point.schedule}
    rival = max(known, key=lambda shape: (known[shape].point.score, shape in same), default="")
    to_known = difference(own.point, known[rival].point) if own and rival and rival not in same else None
    return Line(method, (own, *map(known.get, shapes)), to_known, rival, rival in same)
