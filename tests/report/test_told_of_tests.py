"""What tables say of their tests: which one it was, over how many it was corrected, and of what schedules it was not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import yaml
from references import mcnemar

from tldr_search.report import best, screen_table, tables, tabulated
from tldr_search.report.compare import difference, holm
from tldr_search.report.corrections import corrections_text
from tldr_search.report.corrections import test_of as told_test
from tldr_search.report.equal_cost import equal_cost
from tldr_search.report.rows import Row, at_budget, lead, listed, num_tests, random_at, rows
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]


def of_several_questions(result: Result) -> Result:
    """Three neighbouring samples are questions on one video."""

    def asked(p: Point) -> Point:
        thirds = [p.outcomes[i : i + 3] for i in range(0, len(p.outcomes), 3)]
        return dataclasses.replace(p, outcomes=tuple(sum(t) / len(t) for t in thirds), counts=tuple(map(len, thirds)))

    winners, baselines, known = (tuple(map(asked, points)) for points in (result.winners, result.baselines, result.known))
    return dataclasses.replace(result, base=asked(result.base), winners=winners, baselines=baselines, known=known)


@pytest.fixture(scope="module")
def questions(result: Result) -> Result:
    return of_several_questions(result)


def test_the_data_decide_which_test_is_told(result: Result, questions: Result) -> None:
    for each, told, other in ((result, "exact McNemar test", "Wilcoxon"), (questions, "Wilcoxon signed-rank test", "McNemar")):
        assert told_test(each) == told
        table = rows(each)
        captions = [t.caption for t in (tabulated.winners(each, table), tabulated.front(each, table), tabulated.equal(each, table)) if t]
        for text in (*captions, screen_table(each), best.best_text(each, table)):
            assert told in " ".join(text.replace("\n# ", " ").split())
            assert other not in text


def test_questions_are_told_apart_from_videos(questions: Result) -> None:
    table = rows(questions)
    said = "300 samples on 100 videos"
    assert said in " ".join(screen_table(questions).split())
    assert said in tabulated.winners(questions, table).caption
    document = tables.document(questions, table)
    assert (document["num_samples"], document["num_videos"]) == (300, 100)
    text = best.best_text(questions, table)
    assert said in text
    provenance = yaml.safe_load(text)["provenance"]
    assert provenance["report_split"] == {"name": "report", "num_samples": 300, "num_videos": 100}
    assert provenance["search_split"] == {"name": "search", "num_samples": 200, "num_videos": 200}


def test_only_p_values_that_are_there_are_counted(build: Build) -> None:
    full = build()
    fewer = dataclasses.replace(full, known=tuple(p for p in full.known if p.budget == 180.0 and p.method != "sta"))
    table = rows(fewer)
    assert num_tests(table, "winner", "to_base", "to_constant", "to_random") == (18, 1, 18)  # ToMe's is its constant r, STA's is missing
    assert corrections_text(table, ("to_base", "to_constant")) == (
        ", Holm over 18 winners (methods × costs; vs constant r: 1) and, separately, over 6 baselines"
    )
    assert "(methods x costs; vs constant r: 1)" in " ".join(screen_table(fewer).split())
    alone = build(("sta",), baselines=False)
    alone = dataclasses.replace(alone, winners=tuple(w for w in alone.winners if w.budget == 180.0))
    assert corrections_text(rows(alone), ("to_base",)) == ""


def test_every_role_of_the_front_has_its_own_correction(result: Result, build: Build) -> None:
    caption = tabulated.front(result, rows(result)).caption
    assert "Holm over 18 winners (methods × costs) and, separately, over 6 baselines and, separately, over 27 known shapes." in caption
    one = build(("tome",))
    one = dataclasses.replace(one, winners=tuple(w for w in one.winners if w.budget == 180.0))
    caption = tabulated.front(one, rows(one)).caption
    assert "Holm over 6 baselines and, separately, over 9 known shapes." in caption  # a winner alone does not hide the others


def test_a_schedule_is_listed_once(result: Result) -> None:
    table = rows(result)
    gone = [row for row in table if row not in listed(table)]
    assert [(r.role, r.point.method, r.point.budget, r.point.origin) for r in gone] == [("known", "tome", 180.0, "constant")]
    (kept,) = (r for r in listed(table) if (r.role, r.point.method, r.point.budget) == ("winner", "tome", 180.0))
    assert "constant" in kept.shapes


def test_the_evaluate_command_names_the_shape_of_the_evaluated_model(build: Build) -> None:
    own = build(model="videomae-b", cost_model="videomae-b", overrides={"frames": 4, "num_classes": 11})
    own = dataclasses.replace(own, evaluated_overrides=own.overrides)
    point = own.winners[0]
    assert "--cost-model" not in best.evaluate_command(own, point)  # that would be counted as published
    assert "--frames 4 --num-classes 11" in best.evaluate_command(own, point)
    assert "flops videomae-b --frames 4 " in best.flops_command(own, point)
    twin = dataclasses.replace(own, cost_model="videomae-l", overrides={})
    assert "--model videomae-b --cost-model videomae-l --frames 4 --num-classes 11" in best.evaluate_command(twin, point)
    assert "--frames" not in best.flops_command(twin, point)
    counted = dataclasses.replace(own, overrides={})
    assert "--cost-model videomae-b --frames 4" in best.evaluate_command(counted, point)  # evaluated otherwise than counted
    provenance = best.best(own, rows(own))["provenance"]
    assert provenance["evaluated_overrides"] == {"frames": 4, "num_classes": 11}


def test_the_entries_of_best_yaml(result: Result) -> None:
    table = rows(result)
    document = yaml.safe_load(best.best_text(result, table))
    for row in at_budget(table, 180.0):
        point, entry = row.point, document["methods"][row.point.method]
        assert entry["score"] == pytest.approx(point.score, abs=1e-4)
        constant = next(p for p in result.known if (p.method, p.budget, p.origin) == (point.method, 180.0, "constant"))
        if constant.schedule == point.schedule:
            assert entry["difference_to_constant"] is None
        else:
            assert entry["difference_to_constant"]["points"] == pytest.approx(difference(point, constant).points, abs=1e-4)
            assert entry["difference_to_constant"]["p"] == pytest.approx(mcnemar(point.outcomes, constant.outcomes))


def test_the_lead_over_three_methods_by_hand(result: Result) -> None:
    first, *others = at_budget(rows(result), 180.0)
    raw = [mcnemar(first.point.outcomes, other.point.outcomes) for other in others]
    assert len(raw) == 2
    # Holm (1979) over two: the smaller one is doubled; the larger one is at least that.
    smaller = min(1.0, 2 * min(raw))
    expected = smaller if raw[0] <= raw[1] else max(smaller, raw[0])
    found = lead(first, others)
    assert found is not None
    assert found.p_holm == pytest.approx(expected)
    assert holm(raw)[0] == pytest.approx(expected)


def test_per_cent_are_of_the_price_that_was_asked_for(build: Build) -> None:
    full = build(("sta",))

    def slow(p: Point) -> Point:
        return dataclasses.replace(p, price=(p.gflops / 10) ** 2)

    found = dataclasses.replace(full, unit="ms", base=slow(full.base), winners=tuple(map(slow, full.winners)))
    row = at_budget(rows(found), 180.0)[0]
    assert row.percent_of_base == pytest.approx(100 * (row.point.gflops / full.base.gflops) ** 2)


def test_rows_of_a_role_fall_in_cost(result: Result) -> None:
    backwards = dataclasses.replace(result, winners=tuple(reversed(result.winners)))
    for each in (result, backwards):
        budgets = [r.point.budget for r in rows(each) if r.role == "winner"]
        assert budgets == sorted(budgets, reverse=True)


def test_the_unreduced_model_takes_part_in_the_front(build: Build) -> None:
    full = build(("sta",), baselines=False)
    dear = dataclasses.replace(full.known[0], price=full.base.price, gflops=full.base.gflops, score=full.base.score - 1)
    table = rows(dataclasses.replace(full, known=(dear,)))
    assert not next(r for r in table if r.role == "known").on_front


def test_the_best_of_several_random_droppings(result: Result) -> None:
    (one,) = (p for p in result.baselines if p.budget == 180.0)
    better = dataclasses.replace(one, score=one.score + 1, origin="sta")
    several = dataclasses.replace(result, baselines=(*result.baselines, better))
    assert random_at(several, 180.0 * (1 + 5e-7)) == better
    assert random_at(several, 180.0 * (1 + 1e-5)) is None  # another rung


def test_another_baseline_is_compared_with_random_dropping(result: Result) -> None:
    (random,) = (p for p in result.baselines if p.budget == 180.0)
    other = dataclasses.replace(next(p for p in result.winners if (p.method, p.budget) == ("sta", 180.0)), method="attentiveness")
    table = rows(dataclasses.replace(result, baselines=(*result.baselines, other)))
    row: Row = next(r for r in table if r.role == "baseline" and r.point.method == "attentiveness")
    assert row.to_random is not None
    assert row.to_random.p == pytest.approx(mcnemar(other.outcomes, random.outcomes))
    assert row.to_random.points == pytest.approx(other.score - random.score)


def test_what_was_searched_and_is_a_baseline_too_has_its_known_shape(result: Result) -> None:
    """A method that is searched, and measured as a baseline: its own known shape is the one that counts."""
    shape = next(p for p in result.known if (p.method, p.budget, p.origin) == ("sta", 180.0, "constant"))
    beside = dataclasses.replace(shape, score=0.0, outcomes=(0.0,) * 300)
    twice = dataclasses.replace(result, baselines=(*result.baselines, beside))
    found = equal_cost(twice, rows(twice))
    assert found is not None
    line = next(line for line in found.lines if line.method == "sta")
    cell = line.cells[1 + found.shapes.index("constant")]
    assert cell is not None
    assert cell.point == shape
