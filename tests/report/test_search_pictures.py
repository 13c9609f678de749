"""How the search went: the history, the layers' sensitivity, where the evaluations went; against sums and loops over the trials."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from tldr_search.report.effort import effort
from tldr_search.report.pictures.evaluations import evaluations
from tldr_search.report.pictures.history import history
from tldr_search.report.pictures.sensitivity import sensitivity
from tldr_search.scores import bootstrap_interval
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]


def tried(score: float, part: float = 1.0, schedule: tuple[int, ...] = (1,), budget: float = 180.0) -> Point:
    videos = round(200 * part)
    return Point("tome", schedule, (1,), budget, budget, "sampler", score, {}, (0.0,) * videos, 1.0, budget, videos, part)


def test_history_counts_passes_after_the_probes(build: Build) -> None:
    trials = (tried(60), tried(50, 0.25), tried(66, schedule=(9,)), tried(64, budget=150.0), tried(62))
    base = build(("tome",))
    winner = dataclasses.replace(base.winners[0], budget=180.0, schedule=(9,))
    picture = history(dataclasses.replace(base, trials=trials, winners=(winner,)))
    (line,) = picture.lines
    assert line.start == pytest.approx(12 * 25 / 200)
    assert [t.passes for t in line.trials] == pytest.approx([2.5, 2.75, 3.75, 4.75])  # the one at 150 belongs to another search
    assert [t.score for t in line.trials] == [60, None, 66, 62]
    assert [t.chosen for t in line.trials] == [False, False, True, False]
    assert line.best == ((pytest.approx(2.5), 60), (pytest.approx(3.75), 66), (pytest.approx(4.75), 66))
    assert "stopped early" in picture.stopped_label
    assert picture.base == base.base_search.score


def test_best_so_far_never_falls_and_ends_at_the_best(result: Result) -> None:
    for line in history(result).lines:
        scores = [score for _, score in line.best]
        assert scores == sorted(scores)
        own = [t for t in result.trials if (t.method, t.budget) == (line.method, 180.0)]
        assert scores[-1] == max(t.score for t in own if t.part == 1)
        videos = sum(t.num_videos for t in own) + sum(p.num_videos for p in result.probes if p.method == line.method)
        assert line.trials[-1].passes == pytest.approx(videos / result.base_search.num_videos)


def test_history_without_probes_and_without_early_stops(build: Build) -> None:
    plain = build(probes=())
    plain = dataclasses.replace(plain, trials=tuple(t for t in plain.trials if t.part == 1))
    picture = history(plain)
    assert {line.start for line in picture.lines} == {0.0}
    assert (picture.probes_label, picture.stopped_label) == ("", "")


def test_sensitivity_names_layers_and_loses_what_fidelity_lacks(result: Result) -> None:
    picture = sensitivity(result)
    assert picture is not None
    by_method = {panel.method: panel for panel in picture.panels}
    assert [d.layer for d in by_method["tome"].damages] == list(range(1, 13))
    assert [d.layer for d in by_method["sta"].damages] == [1, 5, 9]  # after blocks 0, depth // 3 and 2 * depth // 3
    assert by_method["sta"].damages[0].removed == 90 * 12  # of each of 12 frames
    probe = next(p for p in result.probes if p.method == "sta" and p.schedule[1])
    low, high = bootstrap_interval(probe.outcomes)
    found = by_method["sta"].damages[1]
    assert (found.points, found.low, found.high) == pytest.approx((100 - probe.score, 100 - high, 100 - low))
    assert found.low <= found.points <= found.high


def test_sensitivity_says_where_less_than_half_could_leave(result: Result) -> None:
    picture = sensitivity(result)
    assert picture is not None
    assert "or as many as can leave there" in picture.subtitle  # the probes of this STA take 90 of 196 in its first stage
    halves = tuple(p for p in result.probes if p.method == "tome")
    alone = sensitivity(dataclasses.replace(result, probes=halves))
    assert alone is not None
    assert "the layer loses half of its tokens; 25 " in alone.subtitle
    assert alone.subtitle.startswith("fidelity: ")


def test_no_probes_no_sensitivity(build: Build) -> None:
    assert sensitivity(build(probes=())) is None
    some = build()
    picture = sensitivity(dataclasses.replace(some, probes=tuple(p for p in some.probes if p.method == "tome")))
    assert picture is not None
    assert [panel.method for panel in picture.panels] == ["tome"]


def test_every_evaluation_is_in_a_bar(result: Result) -> None:
    picture, spent = evaluations(result), effort(result)
    for bars in picture.methods:
        assert sum(bar.complete for bar in bars.bars) == spent.complete[bars.method]
        assert sum(bar.stopped for bar in bars.bars) == spent.stopped[bars.method]
    assert sum(bar.passes for bars in picture.methods for bar in bars.bars) == pytest.approx(spent.passes)
    assert picture.levels == ("105", "130", "155", "180", "220", "260")
    assert picture.levels[picture.budget] == "180"
    tome = next(bars for bars in picture.methods if bars.method == "tome")
    assert tome.bars[picture.budget] == (9, 2, pytest.approx(9 + 2 * 50 / 200))


def test_passes_are_told_where_they_are_not_as_many_as_trials(result: Result) -> None:
    picture = evaluations(result)
    assert {bar.told for bars in picture.methods for i, bar in enumerate(bars.bars) if i != picture.budget} == {""}
    assert {bars.bars[picture.budget].told for bars in picture.methods} == {"9.5"}
    assert picture.subtitle.startswith("the numbers at the bars are passes")
    whole = evaluations(dataclasses.replace(result, trials=tuple(t for t in result.trials if t.part == 1)))
    assert whole.subtitle.startswith("a trial is one pass over the videos; ")


def test_bars_say_what_was_stopped_only_if_something_was(result: Result) -> None:
    assert evaluations(result).stopped_label == "stopped early"
    assert evaluations(dataclasses.replace(result, trials=result.trials[:-6])).stopped_label == ""
