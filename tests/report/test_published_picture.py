"""Values that papers print, beside the measured ones: which, where, and never as if they were measured here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from tldr_search.published import published_points
from tldr_search.report.hover import hover
from tldr_search.report.pictures.front import pareto
from tldr_search.report.pictures.published import beside, joins, printed
from tldr_search.report.rows import rows
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]


def with_metric(p: Point) -> Point:
    return dataclasses.replace(p, metrics={**p.metrics, "mean_r1": p.score - 1})


@pytest.fixture
def own(build: Build) -> Result:
    """A study of UMT-B on MSR-VTT; papers print its unreduced R@1, and the mean of both directions of some methods."""
    found = build(model="umt-b", benchmark="msrvtt")
    return dataclasses.replace(
        found,
        base=with_metric(found.base),
        winners=tuple(map(with_metric, found.winners)),
        baselines=tuple(map(with_metric, found.baselines)),
    )


def test_what_the_papers_print(own: Result) -> None:
    values = {(v.method, v.gflops, v.score, v.source) for v in printed(own, "mean_r1")}
    assert ("vid-tldr", 178.0, 50.8, "Representation Shift Table 3") in values
    assert ("none", 303.3, 50.0, "Representation Shift Table 2") in values
    assert len(values) == sum(p.metric == "mean_r1" for p in published_points("umt-b", "msrvtt"))
    assert [v.score for v in printed(own, "t2v_r1")] == [51.0]


@pytest.mark.parametrize(
    "fields", [{"model": "umt-mini"}, {"overrides": {"frames": 8}}, {"unit": "ms"}, {"benchmark": "demo"}], ids=lambda f: next(iter(f))
)
def test_nothing_is_printed_of_something_else(own: Result, fields: dict[str, object]) -> None:
    other = dataclasses.replace(own, **fields)  # type: ignore[arg-type]
    assert printed(other, "mean_r1") == ()
    assert beside(other) is None


def test_classes_of_ones_own_are_no_other_backbone(own: Result) -> None:
    assert printed(dataclasses.replace(own, overrides={"num_classes": 10}), "mean_r1")


def test_lines_join_values_of_one_paper_only(own: Result) -> None:
    found = {join.method: (join.prices, join.scores) for join in joins(printed(own, "mean_r1"))}
    assert found["vid-tldr"] == ((178.0, 303.3), (50.8, 50.0))
    assert "tome" not in found  # a user's, without an unreduced one


def test_the_front_has_them_as_marks_without_an_interval(own: Result) -> None:
    picture = pareto(own, rows(own))
    mark = picture.marks["published-0"]
    assert (mark.role, mark.method, mark.score, mark.gflops) == ("published", "none", 51.0, 303.3)
    assert (mark.low, mark.high, mark.split, mark.num_samples) == (None, None, "", 0)
    assert mark.label == "unreduced model, published elsewhere, not measured here: UMT model zoo"
    assert "published-1" not in picture.marks


def test_what_is_known_of_a_value_is_said(own: Result) -> None:
    values = {v.method: v for v in printed(own, "mean_r1")}
    assert values["tome"].told == "vid-TLDR on GitHub, thread 3 (measured by a user)"
    assert values["vid-tldr"].told == values["vid-tldr"].source
    searched = dataclasses.replace(own, objective="mean_r1")
    front = hover(searched, pareto(searched, rows(searched)))
    (tome,) = (mark for mark in front.marks.values() if mark["title"].startswith("ToMe, published elsewhere"))
    assert "measured by a user" in tome["lines"]


def test_a_method_with_options_has_its_colour_and_another_marker(own: Result) -> None:
    values = {v.method: v.style for v in printed(own, "mean_r1")}
    plain, other = values["tome"], values["tome:metric=features"]
    assert plain.colour == other.colour
    assert plain.marker != other.marker
    assert list(values.values()).count(other) == 1


def test_another_metric_where_the_objective_is_not_printed_of_reduced_models(own: Result) -> None:
    picture = beside(own)
    assert picture is not None
    assert picture.metric == "mean_r1"
    tome = next(series for series in picture.lines if series.legend.method == "tome")
    measured = sorted((w.price, w.metrics["mean_r1"]) for w in own.winners if w.method == "tome")
    assert list(zip(tome.prices, tome.scores, strict=True)) == [*measured, (own.base.price, own.base.metrics["mean_r1"])]
    assert "no intervals" in picture.subtitle
    assert "not measured here" in picture.alt
    assert "vid-TLDR 50.8 % at 178 GFLOPs (Representation Shift Table 3)" in picture.alt


def test_no_second_picture_where_the_first_says_as_much(own: Result) -> None:
    assert beside(dataclasses.replace(own, objective="mean_r1")) is None


def test_no_second_picture_of_a_metric_that_was_not_measured(build: Build) -> None:
    assert beside(build(model="umt-b", benchmark="msrvtt")) is None


def test_options_of_a_method_are_written_out(own: Result) -> None:
    labels = {v.method: v.label for v in printed(own, "mean_r1")}
    assert labels["tome:metric=features"] == "ToMe (metric=features)"
