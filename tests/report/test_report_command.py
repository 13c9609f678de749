"""`report`: of one run, with speed, of several."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tldr_search import bench, report
from tldr_search.__main__ import main
from tldr_search.report import drawings, pictures, rows, tabulated, write_report
from tldr_search.report.drawings import files
from tldr_search.report.speed import Speed, Timed
from tldr_search.study.result import Point, Result, save

Build = Callable[..., Result]
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def print_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the files for print is tested in test_drawings.py; they take half of the time of a report."""
    for name in ("png_bytes", "pdf_bytes"):
        monkeypatch.setattr(files, name, lambda figure: b"")


def kept(result: Result, path: Path) -> Path:
    path.mkdir(parents=True)
    save(result, path / "result.json")
    return path


def small(build: Build, **fields: object) -> Result:
    """Two methods at one rung, counted on a small model."""
    result = build(("vid-tldr", "sta"), cost_model="umt-mini", **fields)

    def removing(p: Point) -> Point:
        return dataclasses.replace(p, schedule=(40, 20, *(0,) * (len(p.schedule) - 2)) if p.method == "vid-tldr" else (6, 3, 2))

    winners = tuple(removing(w) for w in result.winners if w.budget == 180)
    num_search = len(result.base_search.outcomes)
    trials = tuple(dataclasses.replace(w, outcomes=w.outcomes[:num_search]) for w in winners)
    return dataclasses.replace(result, winners=winners, probes=(), known=(), baselines=(), trials=trials)


def test_everything_that_is_written_is_told(result: Result, tmp_path: Path) -> None:
    paths = write_report(result, tmp_path)
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(paths)
    assert paths[0] == tmp_path / "report.html"
    assert [p.name for p in report.main_paths(paths)] == ["report.html", "best.yaml", "front.csv", "pareto.png", "figures", "tables"]
    top = {p.name for p in tmp_path.iterdir()}
    assert top == {"report.html", "best.yaml", "figures", "tables", *(f"front.{k}" for k in ("csv", "json", "md", "tex")),
                   *(f"pareto.{k}" for k in ("png", "svg", "pdf"))}  # fmt: skip
    assert {p.stem for p in (tmp_path / "tables").iterdir()} == {"winners", "equal_cost", "layers", "hypervolume"}


def test_what_an_earlier_report_left_goes_and_nothing_else(build: Build, tmp_path: Path) -> None:
    fewer = small(build)
    for folder in ("figures", "tables"):
        (tmp_path / folder).mkdir()
    own = [tmp_path / "figures" / name for name in ("mine.png", "notes.txt")] + [tmp_path / "tables" / "mine.csv", tmp_path / "notes.md"]
    for path in own:
        path.write_text("mine")
    for stale in ("removed-1.png", "published.pdf", "sensitivity.png"):
        (tmp_path / "figures" / stale).write_text("old")
    for stale in ("speed.md", "equal_cost.csv"):
        (tmp_path / "tables" / stale).write_text("old")
    paths = write_report(fewer, tmp_path)
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted((*paths, *own))


def test_every_name_of_a_figure_or_table_is_known(build: Build) -> None:
    """Else it would be left behind one day."""
    real = build(model="umt-b", cost_model="umt-b", benchmark="msrvtt", objective="t2v_r5")
    table = rows.rows(real)
    speed = Speed("umt-b", {}, "a CPU", "2", "fp32", 1, 1, (Timed("none", (), 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, None, 1.0),))
    assert [t.name for t in tabulated.tables(real, table, speed)] == [
        "winners",
        "equal_cost",
        "layers",
        "hypervolume",
        "speed",
        "published",
    ]
    assert set(report.TABLE_NAMES) == {t.name for t in tabulated.tables(real, table, speed)}
    drawn = drawings.figures(pictures.pictures(real, table))
    assert set(drawn) <= {"pareto", *report.FIGURE_NAMES}
    assert set(report.FIGURE_NAMES) - set(drawn) <= {"published"}


def test_speed_is_measured_and_shown(build: Build, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_peak", lambda *arguments: None)
    path = kept(small(build), tmp_path / "run")
    assert main(["report", str(path), "--speed", "--turns", "2", "--batch-size", "2"]) == 0
    found = json.loads((path / "speed.json").read_text())
    assert [row["method"] for row in found["rows"]] == ["none", "vid-tldr", "sta"]
    assert (found["model"], found["batch_size"], found["turns"]) == ("umt-mini", 2, 2)
    assert all(row["ms_low"] <= row["ms"] <= row["ms_high"] for row in found["rows"])
    assert found["rows"][1]["clips_per_second"] == pytest.approx(2000 / found["rows"][1]["ms"])
    assert found["rows"][1]["gflops_ratio"] == pytest.approx(found["rows"][0]["gflops"] / found["rows"][1]["gflops"])
    assert (path / "tables" / "speed.csv").is_file()
    assert main(["report", str(path)]) == 0
    assert (path / "tables" / "speed.csv").is_file()  # kept
    capsys.readouterr()

    other = small(build)
    first, tried = (dataclasses.replace(p, schedule=(41, 20, *(0,) * 10)) for p in (other.winners[0], other.trials[0]))
    save(dataclasses.replace(other, winners=(first, *other.winners[1:]), trials=(tried, *other.trials)), path / "result.json")
    assert main(["report", str(path)]) == 0
    assert "is of other schedules than the winners and is not shown" in capsys.readouterr().err
    assert not (path / "tables" / "speed.csv").exists()


def test_speed_out_of_a_run_stays_in_the_run(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_peak", lambda *arguments: None)
    path = kept(small(build), tmp_path / "run")
    assert main(["report", str(path), "--speed", "--turns", "1", "--out", str(tmp_path / "out")]) == 0
    assert sorted(p.name for p in path.iterdir()) == ["result.json", "speed.json"]
    assert (tmp_path / "out" / "tables" / "speed.md").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a", "--turns", "3"], "--turns 3 without --speed"),
        (["a", "--precision", "bf16"], "--precision bf16 without --speed"),
        (["a", "b", "--speed"], "--speed with 2 runs; one run at a time would be accepted"),
        (["a", "--speed", "--turns", "0"], "--turns 0; a whole number from 1"),
        (["a", "--speed", "--batch-size", "0"], "--batch-size 0; a whole number from 1"),
        (["a", "--speed", "--precision", "fp8"], "--precision 'fp8'"),
        (["a", "a"], "is named twice"),
        (["a", "nothing"], "holds no result.json"),
        (["nothing", "a"], "holds no result.json"),
        (["a", "broken"], "a damaged one"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(
    arguments: list[str], says: str, build: Build, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        kept(small(build), tmp_path / name)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "result.json").write_text('{"format": 5}')
    before = sorted(tmp_path.rglob("*"))
    assert main(["report", *arguments]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_several_runs_make_one_report(build: Build, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in (0, 1):
        path = kept(build(seed=seed), tmp_path / "runs" / f"seed{seed}")
        (path / "study.yaml").write_text(f"name: s{seed}\nseed: {seed}\ntrials: 8\nout: runs/seed{seed}\nworkers: {seed}\n")
    assert main(["report", "runs/seed0", "runs/seed1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [r["run"] for r in found["runs"]] == ["runs/seed0", "runs/seed1"]
    (panel,) = found["panels"]
    assert panel["series"][0]["seeds"] == [0, 1]
    (folder,) = (tmp_path / "runs").glob("comparison-seed0-seed1-*")
    kinds = ("html", "png", "svg", "pdf", "csv", "json", "md", "tex")
    names = {*(f"comparison.{k}" for k in kinds), *(f"comparison_fronts.{k}" for k in ("csv", "md", "tex"))}
    assert {p.name for p in folder.iterdir()} == names
    assert not (tmp_path / "runs" / "seed0" / "report.html").exists()

    (tmp_path / "runs" / "seed1" / "study.yaml").write_text("seed: 1\ntrials: 9\n")
    assert main(["report", "runs/seed0", "runs/seed1", "--out", "out"]) == 0
    document = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert [s["label"] for s in document["panels"][0]["series"]] == ["seed0", "seed1"]


def test_runs_of_one_name_are_told_apart(build: Build, tmp_path: Path, capsys: Captured) -> None:
    paths = [str(kept(build(budget=b), tmp_path / folder / "demo")) for folder, b in (("x", 180.0), ("y", 155.0))]
    assert main(["report", *paths, "--out", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [s["label"] for s in found["panels"][0]["series"]] == ["x/demo", "y/demo"]
