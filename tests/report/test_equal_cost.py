"""Methods at equal cost: every method with every schedule that it was measured with at the budget."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from references import mcnemar

from tldr_search.report import screen_table
from tldr_search.report.compare import holm
from tldr_search.report.equal_cost import EqualCost, equal_cost
from tldr_search.report.rows import rows
from tldr_search.scores import paired_difference
from tldr_search.study.result import Point, Result

Winner = Callable[[Result, str], Point]


def table_of(result: Result) -> EqualCost:
    found = equal_cost(result, rows(result))
    assert found is not None
    return found


def shape_of(result: Result, method: str, origin: str) -> Point:
    return next(p for p in result.known if (p.method, p.origin, p.budget) == (method, origin, 180.0))


def test_a_line_per_method_and_a_column_per_schedule(result: Result, winner: Winner) -> None:
    found = table_of(result)
    assert found.shapes == ("vid-tldr", "constant", "sta", "decreasing")
    assert [line.method for line in found.lines] == ["tome", "vid-tldr", "sta", "random"]
    for line in found.lines[:3]:
        expected = (winner(result, line.method), *(shape_of(result, line.method, s) for s in found.shapes))
        assert tuple(cell and cell.point for cell in line.cells) == expected
    cells = [cell and cell.point for cell in found.lines[3].cells]
    assert cells == [None, None, next(p for p in result.baselines if p.budget == 180.0), None, None]


def test_the_searched_schedule_against_the_shape_that_did_best(result: Result, winner: Winner) -> None:
    found, raw = table_of(result), []
    for line in found.lines[:3]:
        shapes = [shape_of(result, line.method, s) for s in found.shapes]
        best = max(shapes, key=lambda p: p.score)  # the first among equals
        own = winner(result, line.method)
        if line.method == "tome":  # its schedule is its constant r, which did best
            assert (line.same_schedule, line.to_known) == (True, None)
            continue
        assert line.to_known is not None
        assert line.rival == best.origin
        assert line.to_known[:3] == paired_difference(own.outcomes, best.outcomes)
        raw.append(mcnemar(own.outcomes, best.outcomes))
    assert tuple(line.to_known.p_holm for line in found.lines if line.to_known) == pytest.approx(holm(raw))
    assert found.num_tests == len(raw) == 2
    assert found.lines[3].to_known is None


def test_equals_are_all_the_best_and_one_alone_is_not(result: Result) -> None:
    by_method = {line.method: line for line in table_of(result).lines}
    for method in ("vid-tldr", "tome", "sta"):
        cells = [cell for cell in by_method[method].cells if cell]
        assert [by_method[method].is_best(c) for c in cells] == [all(c.point.score >= d.point.score for d in cells) for c in cells]
    assert sum(by_method["tome"].is_best(cell) for cell in by_method["tome"].cells if cell) >= 2  # it is the constant r
    assert not any(by_method["random"].is_best(cell) for cell in by_method["random"].cells if cell)


@pytest.mark.parametrize("missing", ["sta", "constant"])
def test_a_shape_that_was_not_measured(result: Result, missing: str) -> None:
    fewer = tuple(p for p in result.known if (p.method, p.origin) != ("vid-tldr", missing))
    found = table_of(dataclasses.replace(result, known=fewer))
    line = next(line for line in found.lines if line.method == "vid-tldr")
    assert [shape for shape, cell in zip(found.shapes, line.cells[1:], strict=True) if cell is None] == [missing]


def test_no_table_without_known_shapes(result: Result) -> None:
    bare = dataclasses.replace(result, known=())
    assert equal_cost(bare, rows(bare)) is None
    assert "at equal cost" not in screen_table(bare)
    assert "Methods at equal cost (180 GFLOPs)" in screen_table(result)
