"""Wherever a schedule is shown that is a known shape, the report says so."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pytest

from tldr_search.report import html, markup, screen_table, tabulated
from tldr_search.report.equal_cost import equal_cost
from tldr_search.report.hover import hover
from tldr_search.report.pictures import pictures
from tldr_search.report.pictures.front import pareto
from tldr_search.report.rows import rows, shapes_of
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]
BUDGET = 180.0
TOLD = "vid-TLDR’s shape"


@pytest.fixture(scope="module")
def told(build: Build) -> Result:
    """ToMe's winner at the budget is vid-TLDR's shape, by its origin; STA's is measured STA's shape, by its numbers; vid-TLDR's is new."""
    result = build()
    sta = next(p for p in result.winners if (p.method, p.budget) == ("sta", BUDGET))

    def origin(p: Point) -> Point:
        return dataclasses.replace(p, origin="vid-tldr") if (p.method, p.budget) == ("tome", BUDGET) else p

    def same(p: Point) -> Point:
        found = (p.method, p.budget, p.origin) == ("sta", BUDGET, "sta")
        return dataclasses.replace(p, schedule=sta.schedule, outcomes=sta.outcomes, score=sta.score) if found else p

    known = tuple(map(same, (p for p in result.known if (p.method, p.origin) != ("tome", "constant"))))
    return dataclasses.replace(result, winners=tuple(map(origin, result.winners)), known=known)


def test_shapes_by_origin_and_by_numbers(told: Result) -> None:
    found = {(r.role, r.point.method, r.point.budget): r.shapes for r in rows(told) if r.role in ("winner", "base")}
    assert found[("winner", "tome", BUDGET)] == ("vid-tldr",)
    assert found[("winner", "sta", BUDGET)] == ("sta",)
    assert found[("winner", "vid-tldr", BUDGET)] == ()
    assert [shapes for (role, *_), shapes in found.items() if role == "base"] == [()]


def test_its_own_shape_first_and_another_cost_does_not_count(told: Result) -> None:
    sta = next(p for p in told.winners if (p.method, p.budget) == ("sta", BUDGET))
    assert shapes_of(told, dataclasses.replace(sta, origin="decreasing")) == ("decreasing", "sta")
    assert shapes_of(told, dataclasses.replace(sta, budget=155.0)) == ()
    assert shapes_of(told, dataclasses.replace(sta, method="tome")) == ()


def test_on_the_screen(told: Result) -> None:
    text = screen_table(told)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert text.isascii()
    assert text.count("(is vid-TLDR's shape)") == 1
    assert text.count("(is STA's shape)") == 1
    assert "over 6 baselines" in " ".join(text.split())


def test_a_long_schedule_has_it_on_a_line_of_its_own(told: Result) -> None:
    """Every length of a schedule around the width of the screen."""
    for numbers in range(20, 34):
        long = tuple(100 + i for i in range(numbers))
        winners = tuple(dataclasses.replace(p, schedule=long) if (p.method, p.budget) == ("tome", BUDGET) else p for p in told.winners)
        trials = tuple(dataclasses.replace(p, schedule=long) if (p.method, p.budget) == ("tome", BUDGET) else p for p in told.trials)
        text = screen_table(dataclasses.replace(told, winners=winners, trials=trials))
        assert max(map(len, text.splitlines())) <= 100
        assert ",".join(map(str, long)) in re.sub(r"\s", "", text)
        assert text.count("(is vid-TLDR's shape)") == 1


def test_under_the_pointer(told: Result) -> None:
    marks = hover(told, pareto(told, rows(told))).marks.values()
    winner = next(m for m in marks if m["kind"] == "dot" and m["title"] == "ToMe" and m["price"] == pytest.approx(BUDGET, rel=0.001))
    assert f"its schedule is {TOLD}, brought to this cost" in winner["lines"]
    new = next(m for m in marks if m["kind"] == "dot" and m["title"] == "vid-TLDR" and m["price"] == pytest.approx(BUDGET, rel=0.001))
    assert not any("its schedule is" in line for line in new["lines"])
    known = [m for m in marks if m["kind"] == "known" and m["title"] == f"vid-TLDR, {TOLD}"]
    assert known != []
    assert not any("its schedule is" in line for m in known for line in m["lines"])  # its title says it


def test_in_the_table_of_winners(told: Result) -> None:
    table = tabulated.winners(told, rows(told))
    index = [c.name for c in table.columns].index("known_shape")
    cells = {row[0]: row[index] for row in table.rows}
    assert cells == {"none": None, "tome": "vid-tldr", "sta": "sta", "vid-tldr": None, "random": "constant"}
    assert TOLD in markup.as_markdown(table)
    assert "known_shape" in markup.as_csv(table).splitlines()[0]
    bare = dataclasses.replace(told, known=(), baselines=(), winners=tuple(dataclasses.replace(p, origin="model") for p in told.winners))
    assert "known_shape" not in [c.name for c in tabulated.winners(bare, rows(bare)).columns]


def test_on_the_page(told: Result) -> None:
    table = rows(told)
    page = " ".join(re.sub(r'<span class="nb">([^<]*)</span>', r"\1", html.page(told, table, pictures(told, table), html.Extras())).split())
    assert f"; it is {TOLD}, brought to this cost." in page[: page.index("<nav")]
    best = page[page.index('id="best"') : page.index('id="equal"')]
    assert best.count(TOLD) == 1
    assert best.count("STA’s shape") == 1
    assert "and, separately, over 6 baselines" in best


def test_the_same_schedule_is_not_compared_with_itself(told: Result) -> None:
    known = tuple(dataclasses.replace(p, score=0.0) if p.method == "sta" and p.origin != "sta" else p for p in told.known)
    result = dataclasses.replace(told, known=known)
    table = equal_cost(result, rows(result))
    assert table is not None
    by_method = {line.method: line for line in table.lines}
    assert (by_method["sta"].rival, by_method["sta"].same_schedule) == ("sta", True)
    assert not by_method["vid-tldr"].same_schedule
    (line,) = (x for x in screen_table(result).splitlines() if x.endswith("  same"))
    assert line.startswith("sta")
    written = tabulated.equal(result, rows(result))
    assert written is not None
    names = [c.name for c in written.columns]
    row = next(r for r in written.rows if r[0] == "sta")
    assert row[names.index("same_schedule")] is True
    assert row[names.index("to_best_shape")] is None


def test_among_equals_the_rival_is_its_own_schedule(told: Result) -> None:
    sta = next(p for p in told.winners if (p.method, p.budget) == ("sta", BUDGET))
    known = tuple(dataclasses.replace(p, outcomes=sta.outcomes, score=sta.score) if p.method == "sta" else p for p in told.known)
    result = dataclasses.replace(told, known=known)
    table = equal_cost(result, rows(result))
    assert table is not None
    assert next(line.rival for line in table.lines if line.method == "sta") == "sta"  # not the first column
