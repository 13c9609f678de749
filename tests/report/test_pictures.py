"""What will be drawn of the front and of the schedules."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
from collections.abc import Callable

import pytest

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import CostModel
from tldr_search.report import style
from tldr_search.report.pictures import Mark, Pareto, Pictures, pictures
from tldr_search.report.pictures.front import pareto as pareto_of
from tldr_search.report.pictures.schedules import heat as heat_of
from tldr_search.report.pictures.schedules import ladder
from tldr_search.report.quality import knee
from tldr_search.report.rows import rows
from tldr_search.scores import bootstrap_interval
from tldr_search.study.front import front
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]


@pytest.fixture(scope="module")
def pareto(result: Result) -> Pareto:
    return pareto_of(result, rows(result))


@pytest.fixture(scope="module")
def everything(result: Result) -> Pictures:
    return pictures(result, rows(result))


def marks_of(pareto: Pareto, role: str) -> list[Mark]:
    return [mark for mark in pareto.marks.values() if mark.role == role]


def seen(points: tuple[Point, ...]) -> list[tuple[str, float, float]]:
    return sorted((p.method, p.price, p.score) for p in points)


def test_one_line_per_method_up_to_the_base(result: Result, pareto: Pareto) -> None:
    assert [(line.method, line.searched) for line in pareto.lines] == [("vid-tldr", True), ("tome", True), ("sta", True), ("random", False)]
    for line in pareto.lines:
        costs = [d.price for d in line.dots]
        assert costs == sorted(costs)
        assert len(costs) == 7
        assert line.dots[-1] == pareto.base
    first = min((w for w in result.winners if w.method == "tome"), key=lambda w: w.gflops)
    assert pareto.lines[1].dots[0][:4] == (first.price, first.score, *bootstrap_interval(first.outcomes))


def test_front_is_marked(result: Result, pareto: Pareto) -> None:
    on_front = front((result.base, *result.winners, *result.baselines, *result.known))
    drawn = {(d.price, d.score) for line in pareto.lines for d in (*line.dots, *line.known) if d.on_front}
    assert drawn == {(p.price, p.score) for p in on_front}
    assert not any(trial.on_front for line in pareto.lines for trial in line.trials)


def test_methods_side_by_side_around_their_cost(build: Build, pareto: Pareto) -> None:
    shifts = [line.shift for line in pareto.lines]
    assert len(set(shifts)) == len(shifts)
    assert sum(shifts) == pytest.approx(0)
    assert max(map(abs, shifts)) < 0.004 * pareto.base.price
    assert "side by side" in pareto.spread_label
    alone = build(("tome",), baselines=False)
    picture = pareto_of(alone, rows(alone))
    assert [line.shift for line in picture.lines] == [0.0]
    assert picture.spread_label == ""


def test_every_method_has_its_own_marker_and_colour(build: Build) -> None:
    for drawn in (style.METHODS.values(), style.searched_styles("abcde").values()):
        pairs = list(drawn)
        assert len({s.marker for s in pairs}) == len({s.colour for s in pairs}) == len(pairs)
    alone = pareto_of(build(("tome",)), rows(build(("tome",))))
    assert alone.lines[0].style == style.METHODS["tome"]
    assert [legend[:3] for legend in alone.methods] == [
        ("ToMe", style.METHODS["tome"], True),
        ("random dropping", style.baseline_style(0), False),
    ]


def test_no_two_methods_look_alike() -> None:
    outside = [*(f"own{i}" for i in range(5)), "random"]
    variants = [f"{name}:{option}" for name in ("tome", "vid-tldr", "own3", "random") for option in ("a=1", "b=1")]
    found = style.searched_styles([*style.METHODS, *outside, *variants])
    pairs = {(s.colour, s.marker) for s in found.values()}
    assert len(pairs) == len(found) == len(style.METHODS) + len(outside) + len(variants)
    rest = [*style.MEASURES.values(), *(style.baseline_style(i) for i in range(3))]
    assert not {(s.colour, s.marker) for s in rest} & (pairs - {(s.colour, s.marker) for s in style.METHODS.values()})
    many = [f"tome:k={i}" for i in range(14)]
    assert len(set(style.searched_styles(["tome", *many]).values())) == 15  # markers are used up: dashes tell them apart


def test_a_variant_has_something_of_its_parent() -> None:
    found = style.searched_styles(["tome", "tome:metric=features", "own:a=1", "own", "vid-tldr:mass=0"])
    for variant in ("tome:metric=features", "own:a=1"):
        parent, own = found[variant.partition(":")[0]], found[variant]
        assert own.colour == parent.colour
        assert own.marker != parent.marker
        assert own.dashes
        assert not parent.dashes
    assert found["vid-tldr:mass=0"].colour == style.METHODS["vid-tldr"].colour  # whose parent is not there
    assert style.searched_styles(["sta", "tome"])["tome"] == found["tome"] == style.METHODS["tome"]


def test_the_front_rises_in_steps_to_the_cost_of_the_unreduced_model(result: Result, pareto: Pareto) -> None:
    everything = [s for line in pareto.lines for s in (*line.dots[:-1], *line.known)] + [pareto.base]
    prices, scores = zip(*pareto.front, strict=True)
    assert list(prices) == sorted(prices)
    assert list(scores) == sorted(scores)
    assert len(pareto.front) == 1 + sum(spot.on_front for spot in everything)
    assert pareto.front[-1] == (pareto.base.price, max(spot.score for spot in everything))
    corners = {(s.price + line.shift, s.score) for line in pareto.lines for s in (*line.dots[:-1], *line.known) if s.on_front}
    assert corners <= {*pareto.front}  # here no two are so near each other that moving them aside changes their order


def test_finished_trials_are_spots_of_the_search_split(result: Result, pareto: Pareto) -> None:
    finished = [t for t in result.trials if t.part == 1]
    drawn = sorted((line.method, *spot[:2]) for line in pareto.lines for spot in line.trials)
    assert drawn == seen(tuple(finished))
    assert len(drawn) < len(result.trials)
    assert "search split" in pareto.trial_label
    assert "not claimed" in pareto.trial_label


def test_marks_are_everything_that_was_measured(result: Result, pareto: Pareto) -> None:
    for role, points in (("winner", result.winners), ("baseline", result.baselines), ("known", result.known)):
        assert sorted((m.method, m.price, m.score) for m in marks_of(pareto, role)) == seen(points)
        assert all((m.split, m.num_samples) == ("report", 300) for m in marks_of(pareto, role))
    assert {(m.split, m.num_samples, m.low, m.high) for m in marks_of(pareto, "trial")} == {("search", 200, None, None)}
    assert [m.score for m in marks_of(pareto, "base")] == [result.base.score]
    assert {m.role for m in pareto.marks.values()} == {"winner", "baseline", "known", "trial", "base", "knee"}


def test_a_mark_is_where_its_number_says(result: Result, pareto: Pareto) -> None:
    for index, line in enumerate(pareto.lines):
        for kind, spots in (("dot", line.dots[:-1]), ("trial", line.trials), ("known", line.known)):
            found = [pareto.marks[f"m{index}-{kind}-{k}"] for k in range(len(spots))]
            assert [(m.price, m.score) for m in found] == [(s.price, s.score) for s in spots]
    winner = next(w for w in result.winners if (w.method, w.budget) == ("vid-tldr", 180.0))
    mark = next(m for m in marks_of(pareto, "winner") if m.price == winner.price and m.method == "vid-tldr")
    removed = winner.schedule[:3]
    assert mark.schedule_text == ",".join(map(str, removed))
    assert (mark.gflops, mark.origin, mark.label) == (winner.gflops, winner.origin, "vid-TLDR")
    assert (mark.low, mark.high) == bootstrap_interval(winner.outcomes)


def test_known_shapes_are_named(pareto: Pareto) -> None:
    assert "ToMe, constant r" in {m.label for m in marks_of(pareto, "known")}
    assert {m.label for m in marks_of(pareto, "trial") if m.method == "sta"} == {"STA, trial on the search split"}


def test_a_baseline_that_is_searched_too_has_its_known_shapes_once(build: Build) -> None:
    both = build()
    both = dataclasses.replace(both, baselines=tuple(dataclasses.replace(b, method="tome") for b in both.baselines))
    picture = pareto_of(both, rows(both))
    assert [len(line.known) for line in picture.lines] == [9, 9, 9, 0]
    assert picture.lines[3].label == "ToMe, not searched"


def test_knee_is_ringed_where_its_method_is_drawn(result: Result, pareto: Pareto) -> None:
    bend = knee(result)
    assert bend is not None
    assert pareto.knee is not None
    shift = next(line.shift for line in pareto.lines if line.method == bend.method)
    assert pareto.knee[:2] == (bend.price + shift, bend.score)
    assert pareto.knee.label == "knee: vid-TLDR at 220 GFLOPs"
    assert pareto.marks["knee"].schedule_text == ",".join(map(str, bend.schedule[:3]))


def test_without_a_knee_nothing_is_ringed(build: Build) -> None:
    whole = build()
    (winner,) = (w for w in whole.winners if (w.method, w.budget) == ("tome", 105.0))
    trial = dataclasses.replace(whole.trials[0], method="tome", schedule=winner.schedule)
    straight = dataclasses.replace(whole, budget=105.0, winners=(winner,), trials=(trial,), baselines=(), known=())
    picture = pareto_of(straight, rows(straight))
    assert picture.knee is None
    assert "knee" not in picture.marks


def test_labels(result: Result, pareto: Pareto, build: Build, unlabelled: Result) -> None:
    assert pareto.x_label == "GFLOPs per clip (umt-b, fvcore count)"
    assert pareto.y_label == "text-to-video R@1 (%), report split"
    assert pareto.subtitle == "quality measured on umt-mini, cost counted for umt-b"
    assert (pareto.budget, pareto.budget_label) == (180.0, "budget 180 GFLOPs")
    own = build(model="umt-b")
    assert pareto_of(own, rows(own)).subtitle == ""
    assert pareto_of(unlabelled, rows(unlabelled)).title.startswith("Agreement kept")


def test_every_picture_says_in_words_what_it_shows(result: Result, everything: Pictures) -> None:
    for picture in everything:
        if picture is not None:
            assert picture.title
            assert picture.alt.endswith(".")
            assert len(picture.alt) > 80
    assert f"Unreduced: {result.base.score:.1f} % at 303.3 GFLOPs" in everything.front.alt
    assert "knee" not in everything.front.alt
    assert "bends at vid-TLDR at 220 GFLOPs" in everything.front.alt


def test_heat_map(result: Result, removed: dict[str, tuple[int, ...]]) -> None:
    heat = heat_of(result, rows(result), removed, 2352)
    by_method = {row.method: row for row in heat.rows}
    assert heat.layers == 12
    assert set(by_method) == {"vid-tldr", "tome", "sta"}
    assert by_method["vid-tldr"].shares[0] == pytest.approx(100 * removed["vid-tldr"][0] / 2352)
    assert [i for i, s in enumerate(by_method["sta"].shares) if s] == [3, 6, 9]
    assert by_method["tome"].total == pytest.approx(100 * sum(removed["tome"]) / 2352)


def test_heat_map_wants_every_method(result: Result, removed: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="no tokens per layer for sta"):
        heat_of(result, rows(result), {m: r for m, r in removed.items() if m != "sta"}, 2352)
    with pytest.raises(ValueError, match=r"\[3, 12\] layers"):
        heat_of(result, rows(result), {**removed, "sta": (1, 2, 3)}, 2352)


def test_ladder_has_every_winner_and_the_tokens_that_the_cost_model_counts(result: Result) -> None:
    picture = ladder(result)
    assert [name for name, _ in picture.groups] == ["vid-TLDR", "ToMe", "STA"]
    for (_, own), method in zip(picture.groups, ("vid-tldr", "tome", "sta"), strict=True):
        winners = sorted((w for w in result.winners if w.method == method), key=lambda w: w.budget)
        assert [row.label for row in own] == [f"{w.budget:g} GFLOPs" for w in winners]
        for row, winner in zip(own, winners, strict=True):
            tokens = CostModel(architecture("umt-b"), method)(winner.schedule).tokens
            lost = [before - after for before, after in itertools.pairwise(tokens)]
            assert row.shares == pytest.approx([100 * n / tokens[0] for n in lost])
            assert row.score == winner.score
    assert picture.most == max(s for _, own in picture.groups for row in own for s in row.shares)


def test_importing_is_light() -> None:
    code = (
        "import sys, tldr_search.report, tldr_search.report.pictures as p;"
        "sys.exit(any(m in sys.modules for m in ('torch', 'matplotlib', 'jinja2', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
