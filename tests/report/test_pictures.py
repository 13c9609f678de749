"""What will be drawn, and that drawing leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable

import matplotlib
import pytest

from tldr_search.report import picture, plots, style
from tldr_search.report.rows import rows
from tldr_search.scores import bootstrap_interval
from tldr_search.study.front import front
from tldr_search.study.result import Result

Build = Callable[..., Result]


@pytest.fixture(scope="module")
def pareto(result: Result) -> picture.Pareto:
    return picture.pareto(result, rows(result))


def test_one_line_per_method_up_to_the_base(result: Result, pareto: picture.Pareto) -> None:
    assert [(line.method, line.searched) for line in pareto.lines] == [("vid-tldr", True), ("tome", True), ("sta", True), ("random", False)]
    for line in pareto.lines:
        costs = [d.price for d in line.dots]
        assert costs == sorted(costs)
        assert len(costs) == 7
        assert line.dots[-1] == pareto.base
    first = min((w for w in result.winners if w.method == "tome"), key=lambda w: w.gflops)
    assert pareto.lines[1].dots[0][:4] == (first.price, first.score, *bootstrap_interval(first.outcomes))


def test_front_is_marked(result: Result, pareto: picture.Pareto) -> None:
    on_front = front((result.base, *result.winners, *result.baselines, *result.known))
    expected = {(p.price, p.score) for p in on_front if p not in result.known}
    drawn = {(d.price, d.score) for line in pareto.lines for d in line.dots if d.on_front}
    assert drawn == expected


def test_methods_side_by_side_never_right_of_the_budget(pareto: picture.Pareto) -> None:
    shifts = [line.shift for line in pareto.lines]
    assert len(set(shifts)) == len(shifts)
    assert max(shifts) < 0


def test_every_method_has_its_own_marker_and_colour(build: Build) -> None:
    for drawn in (style.METHODS.values(), [style.searched_style("new", i) for i in range(5)]):
        pairs = list(drawn)
        assert len({s.marker for s in pairs}) == len({s.colour for s in pairs}) == len(pairs)
    alone = picture.pareto(build(("tome",)), rows(build(("tome",))))
    assert alone.lines[0].style == style.METHODS["tome"]


def test_finished_trials_are_clouds_of_the_search_split(result: Result, pareto: picture.Pareto) -> None:
    assert sum(len(c.scores) for c in pareto.clouds) == sum(t.part == 1 for t in result.trials) < len(result.trials)
    assert "search split" in pareto.cloud_label
    assert "not claimed" in pareto.cloud_label


def test_labels(result: Result, pareto: picture.Pareto, build: Build) -> None:
    assert pareto.x_label == "GFLOPs per clip (umt-b, fvcore count)"
    assert pareto.y_label == "text-to-video R@1 (%), report split"
    assert pareto.subtitle == "quality measured on umt-mini, cost counted for umt-b"
    assert (pareto.budget, pareto.budget_label) == (180.0, "budget 180 GFLOPs")
    own = build(model="umt-b")
    assert picture.pareto(own, rows(own)).subtitle == ""


def test_heat_map(result: Result, removed: dict[str, tuple[int, ...]]) -> None:
    heat = picture.heat(result, rows(result), removed, 2352)
    by_method = {row.method: row for row in heat.rows}
    assert heat.layers == 12
    assert set(by_method) == {"vid-tldr", "tome", "sta"}
    assert by_method["vid-tldr"].shares[0] == pytest.approx(100 * removed["vid-tldr"][0] / 2352)
    assert [i for i, s in enumerate(by_method["sta"].shares) if s] == [3, 6, 9]
    assert by_method["tome"].total == pytest.approx(100 * sum(removed["tome"]) / 2352)


def test_heat_map_wants_every_method(result: Result, removed: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="no tokens per layer for sta"):
        picture.heat(result, rows(result), {m: r for m, r in removed.items() if m != "sta"}, 2352)
    with pytest.raises(ValueError, match=r"\[3, 12\] layers"):
        picture.heat(result, rows(result), {**removed, "sta": (1, 2, 3)}, 2352)


def test_svg_has_text_and_is_the_same_twice(pareto: picture.Pareto) -> None:
    svg = plots.svg_text(plots.pareto_figure(pareto))
    assert svg == plots.svg_text(plots.pareto_figure(pareto))
    texts = {"".join(e.itertext()) for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert {pareto.x_label, pareto.y_label, pareto.budget_label, pareto.spread_label, "vid-TLDR", "random dropping"} <= texts


def test_drawing_changes_no_setting(pareto: picture.Pareto) -> None:
    before = dict(matplotlib.rcParams)
    plots.svg_text(plots.pareto_figure(pareto, plots.NARROW))
    assert dict(matplotlib.rcParams) == before


def test_importing_is_light() -> None:
    code = "import sys, tldr_search.report; sys.exit(any(m in sys.modules for m in ('torch', 'matplotlib', 'jinja2', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
