"""Several runs in one report."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from tldr_search.published import published_points
from tldr_search.report import several
from tldr_search.report.compare import holm
from tldr_search.report.drawings import svg_text
from tldr_search.report.markup import as_csv, as_latex, as_markdown
from tldr_search.report.quality import hypervolumes, knee
from tldr_search.report.rows import rows
from tldr_search.report.several import Comparison, Run, compare, fronts, picture, tabulated, wording
from tldr_search.report.several.areas import knees_text
from tldr_search.report.several.drawing import multiples_figure
from tldr_search.report.several.hover import hover
from tldr_search.report.several.page import page
from tldr_search.report.words import method_name, schedule_text
from tldr_search.scores import bootstrap_interval, paired_difference, paired_p
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]


def shaken(result: Result, seed: int) -> Result:
    """Other winners, as another seed finds them: some hits are lost."""
    rng = np.random.default_rng(seed)

    def other(p: Point) -> Point:
        hits = tuple(hit * float(rng.uniform() > 0.04) for hit in p.outcomes)
        return dataclasses.replace(p, outcomes=hits, score=100 * sum(hits) / len(hits), schedule=(p.schedule[0] + seed, *p.schedule[1:]))

    return dataclasses.replace(result, seed=seed, winners=tuple(map(other, result.winners)))


def run(label: str, result: Result, settings: Mapping[str, object] | None = None) -> Run:
    return Run(label, Path("runs") / label, result, settings or {})


@pytest.fixture(scope="module")
def seeds(build: Build) -> Comparison:
    return compare([run(f"s{seed}", shaken(build(), seed), {"seed": seed, "trials": 8}) for seed in (3, 1, 2)])


@pytest.fixture(scope="module")
def overlaid(build: Build) -> Comparison:
    """Three studies of one panel, the last on other samples."""
    few = dataclasses.replace(build(), base=dataclasses.replace(build().base, outcomes=build().base.outcomes[::-1]))
    return compare([run("a", shaken(build(), 1)), run("b", shaken(build(budget=155.0), 2)), run("c", few, {"trials": 99})])


@pytest.fixture(scope="module")
def grid(build: Build) -> Comparison:
    """Two backbones on two benchmarks."""
    pairs = [(model, benchmark) for benchmark in ("msrvtt", "didemo") for model in ("umt-b", "umt-l")]
    return compare([run(f"{m}-{b}", shaken(build(model=m, cost_model=m, benchmark=b), i)) for i, (m, b) in enumerate(pairs)])


def test_seeds_are_averaged(seeds: Comparison) -> None:
    (shown,) = seeds.panels
    (series,) = shown.series
    assert series.seeds == (3, 1, 2)
    assert seeds.is_averaged
    for dot in series.dots:
        own = [
            p
            for r in seeds.runs
            for p in (r.result.winners if dot.searched else r.result.baselines)
            if (p.method, p.budget) == (dot.method, dot.budget)
        ]
        scores = [p.score for p in own]
        assert dot.num_runs == 3
        assert dot.score == pytest.approx(sum(scores) / 3)
        assert (dot.low, dot.high) == (min(scores), max(scores))
        assert dot.gflops == pytest.approx(fmean(p.gflops for p in own))
        assert dot.schedules == tuple(p.schedule for p in own)
        means = [sum(p.outcomes[i] for p in own) / 3 for i in range(300)]
        assert dot.sampled == (pytest.approx(means), ())
        assert dot.to_base is not None
        base = seeds.runs[0].result.base.outcomes
        assert dot.to_base[:3] == pytest.approx(paired_difference(means, base))
        assert dot.to_base.p == pytest.approx(paired_p(dot.sampled.values, base))


def test_costs_of_seeds_are_averaged_each_over_its_own_base(build: Build) -> None:
    """As where milliseconds are measured: no two runs have the same."""
    found = [shaken(build(), 1), shaken(build(), 2)]
    slow = tuple(dataclasses.replace(p, price=p.price * 3, gflops=p.gflops * 1.01) for p in found[1].winners)
    found[1] = dataclasses.replace(found[1], winners=slow, base=dataclasses.replace(found[1].base, price=2 * found[1].base.price))
    ((shown,),) = (compare([run(f"s{r.seed}", r, {"seed": r.seed, "trials": 8}) for r in found]).panels,)
    (series,) = shown.series
    for dot in (d for d in series.dots if d.searched):
        own = [next(p for p in r.winners if (p.method, p.budget) == (dot.method, dot.budget)) for r in found]
        assert own[0].gflops != own[1].gflops
        assert dot.gflops == pytest.approx((own[0].gflops + own[1].gflops) / 2)
        assert dot.percent_of_base == pytest.approx(50 * (own[0].price / found[0].base.price + own[1].price / found[1].base.price))


def test_seeds_on_other_samples_are_averaged_and_not_paired(build: Build) -> None:
    first, second = shaken(build(), 1), shaken(build(), 2)
    second = dataclasses.replace(second, base=dataclasses.replace(second.base, outcomes=second.base.outcomes[::-1]))
    (shown,) = compare([run(f"s{r.seed}", r, {"seed": r.seed, "trials": 8}) for r in (first, second)]).panels
    (series,) = shown.series
    assert len(series.runs) == 2
    assert {dot.sampled for dot in (series.base, *series.dots)} == {dot.to_base for dot in series.dots} == {None}


@pytest.mark.parametrize("what", ["content of annotations", "content of videos"])
def test_runs_on_other_data_are_not_paired(build: Build, what: str) -> None:
    """Though the unreduced model is right on as many and the same."""
    (shown,) = compare([run("a", shaken(build(), 1), {what: "1"}), run("b", shaken(build(), 2), {what: "2"})]).panels
    assert (shown.between, shown.unpaired) == ((), ("b",))
    (shown,) = compare([run("a", shaken(build(), 1), {what: "1"}), run("b", shaken(build(), 2), {what: "1", "trials": 9})]).panels
    assert len(shown.between) == len(shown.series[0].dots)


def test_agreement_of_seeds_is_told_against_100_and_not_tested(build: Build) -> None:
    def agreeing(result: Result) -> Result:
        base = dataclasses.replace(result.base, outcomes=(1.0,) * 300, score=100.0)
        return dataclasses.replace(result, objective="agreement", base=base)

    runs = [run(f"s{seed}", agreeing(shaken(build(), seed)), {"seed": seed, "trials": 8}) for seed in (1, 2)]
    for found in (runs, runs[:1]):
        (shown,) = compare(found).panels
        for dot in shown.series[0].dots:
            assert dot.to_base is not None
            assert (dot.to_base.p, dot.to_base.p_holm) == (None, None)
            low, high = bootstrap_interval(dot.sampled.values)
            assert dot.to_base[:3] == pytest.approx((dot.score - 100, low - 100, high - 100))
            assert dot.to_base.low < dot.to_base.points < dot.to_base.high < 0


@pytest.mark.parametrize(
    ("fields", "settings"),
    [({}, {"trials": 9}), ({"budget": 155.0}, {}), ({"checkpoint": "other.pth"}, {}), ({"search_split": "train"}, {}), ({"seed": 0}, {})],
)
def test_what_differs_in_more_than_the_seed_is_not_averaged(build: Build, fields: dict[str, object], settings: dict[str, object]) -> None:
    other = build(**{"seed": 1, **fields})
    found = compare([run("a", build(), {"trials": 8, "seed": 0}), run("b", other, {"trials": 8, "seed": 1, **settings})])
    (shown,) = found.panels
    assert [series.label for series in shown.series] == ["a", "b"]
    assert not found.is_averaged


def test_missing_rungs_of_a_seed_are_counted(build: Build) -> None:
    fewer = shaken(build(), 1)
    fewer = dataclasses.replace(fewer, winners=tuple(w for w in fewer.winners if (w.method, w.budget) != ("sta", 105.0)))
    found = compare([run("a", build()), run("b", fewer)])
    assert len(found.panels[0].series) == 2  # another set of rungs is another study
    assert found.panels[0].series[1].at("sta", True, 105.0) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"benchmark": "msrvtt"},
        {"task": "classification"},
        {"objective": "v2t_r1"},
        {"report_split": "test"},
        {"model": "umt-b"},
        {"cost_model": "umt-l"},
        {"overrides": {"frames": 4}},
        {"evaluated_overrides": {"frames": 4}},
        {"unit": "ms"},
    ],
)
def test_what_cannot_be_compared_has_its_own_panel(build: Build, fields: dict[str, object]) -> None:
    found = compare([run("a", build()), run("b", build(**fields)), run("c", build(seed=5))])
    assert [[r.label for s in shown.series for r in s.runs] for shown in found.panels] == [["a", "c"], ["b"]]


def test_a_panel_says_what_ran_and_what_is_counted(build: Build) -> None:
    four = {"frames": 4}
    for fields, title in (
        ({}, "umt-mini on demo, cost of umt-b"),
        ({"evaluated_overrides": four}, "umt-mini (frames 4) on demo, cost of umt-b"),
        ({"cost_model": "umt-mini", "overrides": four, "evaluated_overrides": four}, "umt-mini on demo, frames 4"),
        ({"cost_model": "umt-mini", "evaluated_overrides": four}, "umt-mini (frames 4) on demo"),
    ):
        assert compare([run("a", build(**fields))]).panels[0].panel.title == title


def test_a_single_run_has_the_numbers_of_its_own_report(build: Build) -> None:
    result = build(known=())
    (series,) = compare([run("a", result)]).panels[0].series
    for row in rows(result):
        if row.role in ("winner", "baseline"):
            dot = series.at(row.point.method, row.role == "winner", row.point.budget)
            assert dot is not None
            assert (dot.score, (dot.low, dot.high), dot.to_base) == (row.point.score, row.ci95, row.to_base)
            assert (dot.low, dot.high) == bootstrap_interval(row.point.outcomes)


def test_a_baseline_with_several_shapes_gives_its_best(build: Build) -> None:
    result = build()
    worse = dataclasses.replace(result.baselines[0], score=1.0, origin="sta")
    (series,) = compare([run("a", dataclasses.replace(result, baselines=(worse, *result.baselines)))]).panels[0].series
    dot = series.at("random", False, worse.budget)
    assert dot is not None
    assert (dot.score, dot.num_runs) == (result.baselines[0].score, 1)


def test_runs_are_compared_with_the_first_on_the_same_samples(overlaid: Comparison) -> None:
    (shown,) = overlaid.panels
    assert {b.label for b in shown.between} == {"b"}
    assert shown.unpaired == ("c",)
    a, b = (run.result for run in overlaid.runs[:2])
    assert len(shown.between) == len(b.winners) + len(b.baselines)
    raw = []
    for found in shown.between:
        own, first = (
            next(
                p
                for p in (r.winners if found.dot.searched else r.baselines)
                if (p.method, p.budget) == (found.dot.method, found.dot.budget)
            )
            for r in (b, a)
        )
        assert found.difference[:3] == pytest.approx(paired_difference(own.sampled.values, first.sampled.values))
        raw.append(paired_p(own.sampled.values, first.sampled.values))
    assert tuple(found.difference.p_holm for found in shown.between) == pytest.approx(holm(raw))
    assert "c: not the same samples as those of a" in tabulated.caption(overlaid)


def test_backbones_and_benchmarks_make_a_grid(grid: Comparison) -> None:
    drawn = picture.multiples(grid)
    assert (drawn.rows, drawn.columns) == (2, 2)
    assert [(f.row, f.column, f.title) for f in drawn.fields] == [
        (0, 0, "umt-b on msrvtt"),
        (0, 1, "umt-l on msrvtt"),
        (1, 0, "umt-b on didemo"),
        (1, 1, "umt-l on didemo"),
    ]
    assert [entry.label for entry in drawn.methods] == ["vid-TLDR", "ToMe", "STA", "random dropping"]
    assert [(named.number, named.alone) for named in drawn.series] == [(0, True)] * 4
    assert [field.run for field in drawn.fields] == [f"run {label}" for label in (series.label for s in grid.panels for series in s.series)]
    assert all(len({id(line.style) for line in field.lines}) == 4 for field in drawn.fields)
    fewer = picture.multiples(Comparison(grid.runs[:3], grid.panels[:3]))  # filled row by row
    assert (fewer.rows, fewer.columns) == (1, 3)


def test_runs_of_one_panel_are_told_apart(overlaid: Comparison) -> None:
    drawn = picture.multiples(overlaid)
    (field,) = drawn.fields
    assert [(named.key, named.number, named.label) for named in drawn.series] == [("sa", 0, "a"), ("sb", 1, "b"), ("sc", 2, "c")]
    assert {line.number for line in field.lines if line.searched} == {0, 1, 2}
    assert [line.number for line in field.lines if not line.searched] == [0]  # the same baseline is drawn once
    assert field.budgets == (180.0, 155.0)
    assert len({line.shift for line in field.lines}) == len(field.lines)
    assert sum(line.shift for line in field.lines) == pytest.approx(0)  # around their cost
    assert max(line.shift for line in field.lines) <= 0.006 * 303.4
    assert [line.series for line in field.lines if line.searched] == ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    assert [(line.gid, line.series) for line in field.lines if not line.searched] == [("m3-shared-0", "")]


def test_what_the_bars_are_is_said(seeds: Comparison, grid: Comparison) -> None:
    assert "Bars: from the lowest to the highest seed;" in picture.multiples(seeds).subtitle
    assert "mean of 3 seeds" in picture.multiples(seeds).fields[0].subtitle
    assert "Bars: 95 % intervals over videos;" in picture.multiples(grid).subtitle


def test_brackets_of_scores_and_of_differences_are_told_apart(seeds: Comparison, grid: Comparison, build: Build) -> None:
    """With seeds averaged a score has the range of the seeds, a difference still an interval over samples."""
    said = "in brackets: scores: from the lowest to the highest seed; differences: 95 % intervals over videos"
    forms = [
        several.screen(seeds),
        page(seeds, picture.multiples(seeds)),
        *(write(tabulated.table(seeds)) for write in (as_latex, as_markdown)),
    ]
    for text in (*forms, tabulated.document(seeds)["caption"]):
        assert said in " ".join(text.replace(r"\%", "%").split()).replace("In brackets", "in brackets")
    assert wording.brackets(grid) == "in brackets: 95 % intervals over videos"
    mixed = compare([*seeds.runs, run("lone", build(budget=155.0), {"trials": 9})])
    assert "highest seed (of a single run: 95 % intervals over videos); differences: 95 %" in wording.brackets(mixed)


def test_hypervolumes_and_knees(seeds: Comparison, grid: Comparison) -> None:
    (series,) = seeds.panels[0].series
    of_runs = [{(a.method, a.searched): a.percent for a in hypervolumes(r.result)} for r in seeds.runs]
    for area in series.areas:
        values = [found[area.method, area.searched] for found in of_runs]
        assert (area.percent, area.low, area.high) == pytest.approx((sum(values) / 3, min(values), max(values)))
    (alone,) = grid.panels[0].series
    assert alone.areas == hypervolumes(alone.runs[0].result)
    own = knee(alone.runs[0].result)
    assert own is not None
    assert alone.knees[0].point == own
    assert knees_text(alone.knees).startswith(f"{method_name(own.method)} at {own.budget:g} GFLOPs")
    assert [found.seed for found in series.knees] == [3, 1, 2]


def test_knees_of_seeds_that_agree_are_said_once(seeds: Comparison) -> None:
    (series,) = seeds.panels[0].series
    text = knees_text(series.knees)
    told = [int(seed) for group in re.findall(r"\(seeds? ([\d, ]+)\)", text) for seed in group.split(", ")]
    assert sorted(told) == [1, 2, 3]
    assert text.count(";") == len({found.text for found in series.knees}) - 1


def test_fronts_table(grid: Comparison, seeds: Comparison) -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(fronts.table(grid)))))
    assert [(line["panel"], line["runs"]) for line in lines] == [(s.panel.title, s.series[0].label) for s in grid.panels]
    (area, *_) = grid.panels[0].series[0].areas
    assert [float(lines[0][f"hypervolume_{area.method}{end}"]) for end in ("", "_low", "_high")] == list(area[2:])
    assert "from the lowest to the highest seed" in fronts.table(seeds).caption
    for comparison in (grid, seeds):
        for shown in comparison.panels:
            for line in fronts.panel_table(comparison, shown).rows:
                assert str(line[0]) in page(comparison, picture.multiples(comparison))


def test_what_is_published_is_drawn_ringed(grid: Comparison, overlaid: Comparison) -> None:
    drawn = picture.multiples(grid)
    for field in drawn.fields:
        expected = [
            (p.method, p.gflops, p.value) for p in published_points(field.panel.model, field.panel.benchmark) if p.metric == "t2v_r1"
        ]
        assert expected
        assert [(v.method, v.gflops, v.score) for v in field.printed] == expected
    svg = svg_text(multiples_figure(drawn))
    for field in drawn.fields:
        assert all(f'id="published-{field.number}-{index}"' in svg for index in range(len(field.printed)))
    assert "not measured here" in svg
    assert picture.multiples(overlaid).printed == ()  # umt-mini is in no paper


def test_every_mark_of_the_page_is_drawn_once_and_tells_of_itself(overlaid: Comparison, seeds: Comparison, grid: Comparison) -> None:
    for comparison in (overlaid, seeds, grid):
        drawn = picture.multiples(comparison)
        text, told = page(comparison, drawn), hover(drawn)
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert {f"{size}-{gid}" for size in ("wide", "narrow") for gid in told.marks} <= set(ids)
        assert sorted(gid for row in told.rows for gid in row) == sorted(told.marks)
        switches = set(re.findall('data-switch="([^"]+)"', text))
        assert {named.key for named in drawn.series} <= switches
        assert switches <= {mark["of"] for mark in told.marks.values()} | {mark["kind"] for mark in told.marks.values()}


def test_hover_tells_schedule_cost_score_and_interval(overlaid: Comparison, seeds: Comparison) -> None:
    told = hover(picture.multiples(overlaid))
    dot = overlaid.panels[0].series[1].line("tome", True)[2]
    mark = told.marks["m1-sb-0-dot-2"]
    assert mark["title"] == "ToMe, b"
    assert mark["copy"] == schedule_text(dot.schedules[0])
    assert (mark["of"], mark["kind"], mark["price"]) == ("m1", "sb", dot.price)
    assert (
        mark["lines"][1].replace("\N{NO-BREAK SPACE}", " ").startswith(f"{dot.score:.1f} % [{dot.low:.1f}, {dot.high:.1f}] text-to-video")
    )
    averaged = hover(picture.multiples(seeds)).marks["m1-sa-0-dot-2"]
    assert averaged["copy"] == ""  # no schedule is that of all seeds
    assert "mean of 3 seeds, lowest and highest" in averaged["lines"][1]
    assert all(schedule_text(s) in averaged["lines"][-1] for s in seeds.panels[0].series[0].line("tome", True)[2].schedules)


def test_keys_of_series_differ_however_many_there_are(grid: Comparison) -> None:
    many = Comparison(grid.runs, grid.panels * 20)
    keys = [line.gid.split("-")[1] for field in picture.multiples(many).fields for line in field.lines[:1]]
    assert len(set(keys)) == len(keys) == 80
    assert all(re.fullmatch("s[a-z]+", key) for key in keys)


def test_long_names_are_wrapped_not_cut(build: Build) -> None:
    names = [f"{'a-run-whose-name-says-everything-' * 4}{end}" for end in ("one", "two")]
    found = compare([run(names[0], build()), run(names[1], build(budget=155.0)), run("lone", build(benchmark="msrvtt"))])
    drawn = picture.multiples(found)
    place = drawn.fields[0].title
    assert [(named.label, named.alone) for named in drawn.series] == [
        *((f"{place}: {name}", False) for name in names),
        (f"{drawn.fields[1].title}: lone", True),
    ]
    assert [field.run for field in drawn.fields] == ["2 runs, told apart below", "run lone"]
    figure = multiples_figure(drawn)
    (legend,) = figure.legends
    texts = [text.get_text().replace("\n", " ") for text in legend.get_texts()]
    assert all(any(text.replace(" ", "").endswith(name) for text in texts) for name in names)
    assert not any("lone" in text for text in texts)  # its panel says so
    assert any("run lone" in text.get_text() for text in figure.axes[1].texts)


def test_what_was_not_searched_is_dashed(grid: Comparison) -> None:
    axes = multiples_figure(picture.multiples(grid)).axes[0]
    styles = {str(line.get_gid()): line.get_linestyle() for line in axes.lines if str(line.get_gid()).endswith("-line")}
    assert [styles[f"m{i}-sa-0-line"] for i in range(4)] == ["-", "-", "-", "--"]


def test_table(seeds: Comparison, overlaid: Comparison) -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(tabulated.table(seeds)))))
    assert len(lines) == 1 + 18 + 6
    line = next(x for x in lines if (x["method"], x["budget"]) == ("tome", "180.0"))
    assert (line["num_runs"], line["seeds"]) == ("3", "3 1 2")
    assert len(line["schedules"].split("; ")) == 3
    paired = [x for x in csv.DictReader(io.StringIO(as_csv(tabulated.table(overlaid)))) if x["to_first"]]
    assert {x["runs"] for x in paired} == {"b"}


def test_document(overlaid: Comparison, seeds: Comparison) -> None:
    found = json.loads(json.dumps(tabulated.document(overlaid)))
    assert [r["run"] for r in found["runs"]] == ["a", "b", "c"]
    (panel,) = found["panels"]
    assert panel["unpaired"] == ["c"]
    assert "ci95" in panel["series"][0]["points"][0]
    assert [a["percent"] for a in panel["series"][0]["hypervolumes"]] == [a.percent for a in overlaid.panels[0].series[0].areas]
    assert panel["series"][0]["knees"][0]["run"] == "a"
    assert "range" in tabulated.panels_document(seeds)[0]["series"][0]["points"][0]


def test_screen(seeds: Comparison, grid: Comparison, overlaid: Comparison) -> None:
    for comparison in (seeds, grid, overlaid):
        text = several.screen(comparison)
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= 100
    assert "vs first" in several.screen(overlaid)


def test_same_split_is_said_in_a_comparison(build: Build) -> None:
    found = compare([run("good", build()), run("bad", build(same_split=True))])
    said = "bad: chosen and measured on the same clips"
    assert several.screen(found).startswith(f"WARNING: {said}")
    assert said in picture.multiples(found).warning
    assert said in page(found, picture.multiples(found))
    assert said in tabulated.table(found).caption


def test_the_page_escapes_what_comes_from_runs(build: Build) -> None:
    bad = '"><script>alert(1)</script>'
    hostile = build(benchmark=bad, report_split=bad, command=bad)
    found = compare([run(bad, hostile), run("b", build(benchmark=bad, report_split=bad, seed=2, budget=155.0))])
    text = page(found, picture.multiples(found))
    assert "<script>alert" not in text
    assert text.count("<script") == text.count("</script>") == 2  # the data and the script of the page
    assert "&lt;script&gt;" in text
    assert "default-src 'none'" in html.unescape(text)
    (data,) = re.findall('<script type="application/json" id="front-data">(.*?)</script>', text, re.DOTALL)
    assert bad in json.loads(data)["marks"]["m0-sa-0-dot-0"]["title"]
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_files(overlaid: Comparison, tmp_path: Path) -> None:
    paths = several.write_comparison(overlaid, tmp_path / "out")
    names = [f"comparison.{kind}" for kind in ("html", "png", "svg", "pdf", "csv", "json", "md", "tex")]
    assert [p.name for p in paths] == names + [f"comparison_fronts.{kind}" for kind in ("csv", "md", "tex")]
    assert sorted((tmp_path / "out").iterdir()) == sorted(paths)
    first = {path: path.read_bytes() for path in paths}
    assert several.write_comparison(overlaid, tmp_path / "out") == paths
    assert {path: path.read_bytes() for path in paths} == first
