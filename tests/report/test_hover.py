"""What the page says of a mark under the pointer, and the way of the keyboard."""

from __future__ import annotations

from collections.abc import Callable

from tldr_search.report.hover import hover
from tldr_search.report.pictures.front import pareto
from tldr_search.report.rows import rows
from tldr_search.study.result import Point, Result

Winner = Callable[[Result, str], Point]


def test_texts_under_the_pointer(result: Result, winner: Winner) -> None:
    found = hover(result, pareto(result, rows(result)))
    point = winner(result, "vid-tldr")
    mark = found.marks["m0-dot-3"]
    assert mark["title"] == "vid-TLDR"
    assert mark["copy"] == ",".join(str(r) for r in point.schedule if r)
    assert mark["lines"][0] == "180 GFLOPs, 59.3\N{NO-BREAK SPACE}% of the unreduced model"
    assert mark["lines"][2] == "300 samples of the report split"
    assert "helped to choose" in found.marks["m0-trial-0"]["lines"][2]
    assert "[" not in found.marks["m0-trial-0"]["lines"][1]
    assert found.marks["base-dot"]["copy"] == ""
    assert {m["of"] for m in found.marks.values()} == {"m0", "m1", "m2", "m3", ""}


def test_knee_belongs_to_the_mark_that_it_is_around(result: Result) -> None:
    front = pareto(result, rows(result))
    found = hover(result, front)
    assert front.knee is not None
    at = [gid for gid, mark in found.marks.items() if "the knee of the front" in mark["lines"]]
    assert len(at) == 1
    assert found.marks[at[0]]["price"] == front.marks["knee"].price
    assert "knee" not in found.marks
    assert found.beside["knee"]["of"] == found.marks[at[0]]["of"]


def test_keyboard_goes_by_method_and_price(result: Result) -> None:
    found = hover(result, pareto(result, rows(result)))
    assert found.rows[0] == [f"m0-dot-{i}" for i in range(6)]
    assert all(gid.startswith("m0-known-") for gid in found.rows[1])
    assert found.rows[-1] == ["base-dot"]
    visited = [gid for row in found.rows for gid in row]
    assert sorted(visited) == sorted(gid for gid, mark in found.marks.items() if mark["kind"] != "trial")
    for row in found.rows:
        prices = [found.marks[gid]["price"] for gid in row]
        assert prices == sorted(prices)


def test_price_in_another_unit_has_its_gflops(unlabelled: Result) -> None:
    found = hover(unlabelled, pareto(unlabelled, rows(unlabelled)))
    line = found.marks["m0-dot-3"]["lines"][0]
    assert line.startswith("18 ms (180.0 GFLOPs), ")
