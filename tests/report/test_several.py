"""Several runs in one report."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from tldr_search.report import several
from tldr_search.report.compare import holm, paired_p
from tldr_search.report.markup import as_csv
from tldr_search.report.rows import rows
from tldr_search.report.several import Comparison, Run, compare, picture, tabulated
from tldr_search.report.several.page import page
from tldr_search.scores import bootstrap_interval, paired_difference
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
        assert dot.outcomes == pytest.approx(means)
        assert dot.to_base is not None
        base = seeds.runs[0].result.base.outcomes
        assert dot.to_base[:3] == pytest.approx(paired_difference(means, base))
        assert dot.to_base.p == pytest.approx(paired_p(dot.outcomes, base))


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
        {"unit": "ms"},
    ],
)
def test_what_cannot_be_compared_has_its_own_panel(build: Build, fields: dict[str, object]) -> None:
    found = compare([run("a", build()), run("b", build(**fields)), run("c", build(seed=5))])
    assert [[r.label for s in shown.series for r in s.runs] for shown in found.panels] == [["a", "c"], ["b"]]


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
        assert found.difference[:3] == pytest.approx(paired_difference(own.outcomes, first.outcomes))
        raw.append(paired_p(own.outcomes, first.outcomes))
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
    assert drawn.series == ()
    assert all(len({id(line.style) for line in field.lines}) == 4 for field in drawn.fields)
    fewer = picture.multiples(Comparison(grid.runs[:3], grid.panels[:3]))  # filled row by row
    assert (fewer.rows, fewer.columns) == (1, 3)


def test_runs_of_one_panel_are_told_apart(overlaid: Comparison) -> None:
    drawn = picture.multiples(overlaid)
    (field,) = drawn.fields
    assert [(named.number, named.label) for named in drawn.series] == [(0, "a"), (1, "b"), (2, "c")]
    assert {line.number for line in field.lines if line.searched} == {0, 1, 2}
    assert [line.number for line in field.lines if not line.searched] == [0]  # the same baseline is drawn once
    assert field.budgets == (180.0, 155.0)
    assert len({line.shift for line in field.lines}) == len(field.lines)
    assert all(-0.03 * 303.4 <= line.shift < 0 for line in field.lines)


def test_what_the_bars_are_is_said(seeds: Comparison, grid: Comparison) -> None:
    assert "bars: from the lowest to the highest seed" in picture.multiples(seeds).subtitle
    assert "mean of 3 seeds" in picture.multiples(seeds).fields[0].subtitle
    assert "Bars: 95 % intervals over samples" in picture.multiples(grid).subtitle


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
    assert "range" in tabulated.panels_document(seeds)[0]["series"][0]["points"][0]


def test_screen(seeds: Comparison, grid: Comparison, overlaid: Comparison) -> None:
    for comparison in (seeds, grid, overlaid):
        text = several.screen(comparison)
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= 100
    assert "vs first run" in several.screen(overlaid)


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
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "default-src 'none'" in html.unescape(text)
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_files(overlaid: Comparison, tmp_path: Path) -> None:
    paths = several.write_comparison(overlaid, tmp_path / "out")
    assert [p.name for p in paths] == [f"comparison.{kind}" for kind in ("html", "png", "svg", "pdf", "csv", "json", "md", "tex")]
    assert sorted((tmp_path / "out").iterdir()) == sorted(paths)
    first = {path: path.read_bytes() for path in paths}
    assert several.write_comparison(overlaid, tmp_path / "out") == paths
    assert {path: path.read_bytes() for path in paths} == first
