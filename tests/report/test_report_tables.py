"""Rows, CSV, JSON, YAML and the table on the screen."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from references import mcnemar

from tldr_search.backbones.architectures import architecture
from tldr_search.config import EvaluateConfig, from_mapping
from tldr_search.cost import CostModel
from tldr_search.report import best, screen_table, tables, words
from tldr_search.report.compare import holm
from tldr_search.report.effort import effort, effort_text
from tldr_search.report.quality import hypervolumes, knee
from tldr_search.report.rows import Row, at_budget, lead, rows
from tldr_search.schedule import transfer
from tldr_search.scores import bootstrap_interval, paired_difference
from tldr_search.study.budget import Ground, repair
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]
Winner = Callable[[Result, str], Point]


def test_rows(result: Result) -> None:
    table = rows(result)
    assert [r.role for r in table] == ["base"] + ["winner"] * 18 + ["baseline"] * 6 + ["known"] * 27
    row = next(r for r in table if r.role == "winner" and r.point.method == "sta" and r.point.budget == 105)
    random = next(p for p in result.baselines if p.budget == 105)
    assert row.to_base is not None
    assert row.to_random is not None
    assert row.to_base[:3] == paired_difference(row.point.outcomes, result.base.outcomes)
    assert row.to_random.p == pytest.approx(mcnemar(row.point.outcomes, random.outcomes))
    assert row.percent_of_base == pytest.approx(100 * row.point.gflops / 303.34)
    assert row.search_score == next(t.score for t in result.trials if t.method == "sta" and t.schedule == row.point.schedule)
    assert table[0].to_base is None
    assert table[0].search_score == result.base_search.score
    assert all(r.to_random is None and r.to_constant is None for r in table if r.role in ("base", "baseline", "known"))


def test_at_budget_best_on_the_search_split_first(result: Result) -> None:
    winners = at_budget(rows(result), 180.0)
    assert len(winners) == 3
    assert [r.search_score for r in winners] == sorted((r.search_score or 0 for r in winners), reverse=True)
    with pytest.raises(ValueError, match="no winner at its budget of 99"):
        at_budget(rows(result), 99.0)


def chosen_against_the_report(result: Result) -> Result:
    """`result` with STA, which is not the best on the report split, first on the search split."""
    scores = {"tome": 80.0, "sta": 90.0, "vid-tldr": 80.0}
    return dataclasses.replace(result, trials=tuple(dataclasses.replace(t, score=scores[t.method]) for t in result.trials if t.part == 1))


def test_the_report_split_chooses_no_method(result: Result) -> None:
    turned = chosen_against_the_report(result)
    table = rows(turned)
    order = [r.point.method for r in at_budget(table, 180.0)]
    assert order == ["sta", "vid-tldr", "tome"]  # a tie keeps the order of the result
    assert order[0] != max(at_budget(table, 180.0), key=lambda r: r.point.score).point.method
    assert best.best(turned, table)["best"] == "sta"
    text = screen_table(turned)
    assert text.splitlines()[3].startswith("sta")
    assert "Best method, here first: sta, chosen on the search split" in " ".join(text.split())
    rung = next(x for x in text.splitlines() if x.lstrip().startswith("105.0"))
    sta = next(r for r in table if (r.role, r.point.method, r.point.budget) == ("winner", "sta", 105.0))
    assert sta.to_random is not None
    assert rung.split()[-2:] == [words.signed(sta.to_random.points), words.p_text(sta.to_random.p_holm)]


def test_a_winner_without_its_trial(result: Result) -> None:
    with pytest.raises(ValueError, match="no trial of the winner"):
        at_budget(rows(dataclasses.replace(result, trials=())), 180.0)


def test_p_values_are_corrected_over_every_winner_that_was_looked_at(result: Result) -> None:
    winners = [r for r in rows(result) if r.role == "winner"]
    assert len(winners) == 18
    for name in ("to_base", "to_constant", "to_random"):
        found = [d for r in winners if (d := getattr(r, name))]
        assert len(found) == (17 if name == "to_constant" else 18)  # ToMe's winner at 180 is its constant r: nothing is tested
        assert tuple(d.p_holm for d in found) == holm([d.p for d in found])
    others = [r.to_base for r in rows(result) if r.role == "baseline"]
    assert [d.p_holm for d in others if d] == list(holm([d.p for d in others if d and d.p is not None]))


def test_winners_against_the_constant_r_of_their_method_and_rung(result: Result) -> None:
    for row in (r for r in rows(result) if r.role == "winner"):
        key = (row.point.method, row.point.budget, "constant")
        constant = next(p for p in result.known if (p.method, p.budget, p.origin) == key)
        assert row.is_constant == (key[:2] == ("tome", 180.0))
        if row.is_constant:
            assert row.to_constant is None
            continue
        assert row.to_constant is not None
        assert row.to_constant[:3] == paired_difference(row.point.outcomes, constant.outcomes)
        assert row.to_constant.p == pytest.approx(mcnemar(row.point.outcomes, constant.outcomes))
    line = next(x for x in screen_table(result).splitlines() if x.startswith("tome"))
    assert line.endswith("is const r")


def test_a_constant_r_out_of_reach(result: Result) -> None:
    fewer = tuple(p for p in result.known if (p.method, p.budget) != ("sta", 180.0))
    table = rows(dataclasses.replace(result, known=fewer))
    found = {r.point.method: r.to_constant for r in at_budget(table, 180.0)}
    assert found["sta"] is None
    assert found["vid-tldr"] is not None
    line = next(x for x in screen_table(dataclasses.replace(result, known=fewer)).splitlines() if x.startswith("sta"))
    assert line.split()[-2:] == ["-", "-"]


def test_a_trial_that_was_stopped_early_chooses_nothing(result: Result) -> None:
    stopped = tuple(dataclasses.replace(t, part=0.5) if t.method == "sta" else t for t in result.trials)
    with pytest.raises(ValueError, match="no trial of the winner sta"):
        at_budget(rows(dataclasses.replace(result, trials=stopped)), 180.0)


def test_effort(result: Result) -> None:
    spent = effort(result)
    assert (spent.num_complete, spent.num_stopped) == (72, 6)
    assert spent.complete["sta"] == 24
    assert spent.stopped["sta"] == 2
    assert spent.passes == pytest.approx(72 + 6 * 0.25)
    assert effort_text(spent) == "78 trials (6 of them stopped early), 73.5 passes over the videos of the search split"
    whole = dataclasses.replace(result, trials=result.trials[:1])
    assert effort_text(effort(whole)) == "1 trial, 1.0 passes over the videos of the search split"


def test_the_lead_is_corrected_for_all_others(result: Result) -> None:
    first, *others = at_budget(rows(result), 180.0)
    found = lead(first, others)
    raw = [mcnemar(first.point.outcomes, other.point.outcomes) for other in others]
    assert found is not None
    assert (found.p, found.p_holm) == pytest.approx((raw[0], holm(raw)[0]))
    none: list[Row] = []
    assert lead(first, none) is None


def test_csv(result: Result, winner: Winner) -> None:
    lines = list(csv.DictReader(io.StringIO(tables.front_csv(rows(result)))))
    assert len(lines) == 52
    assert lines[0]["method"] == "none"
    assert lines[0]["to_base_p"] == ""
    line = next(x for x in lines if x["role"] == "winner" and x["method"] == "vid-tldr" and x["budget"] == "180.0")
    found = winner(result, "vid-tldr")
    assert float(line["score"]) == pytest.approx(found.score, abs=1e-4)
    assert float(line["ci95_low"]) == pytest.approx(bootstrap_interval(found.outcomes)[0], abs=1e-4)
    assert line["schedule"] == words.schedule_text(found.schedule) == ",".join(map(str, found.schedule[:3]))
    assert float(line["t2v_r5"]) == pytest.approx(found.metrics["t2v_r5"], abs=1e-4)
    assert float(line["to_base_p_holm"]) >= float(line["to_base_p"])
    assert line["price"] == line["gflops"]
    constant = next(x for x in lines if (x["role"], x["method"], x["budget"], x["origin"]) == ("known", "vid-tldr", "180.0", "constant"))
    assert float(line["to_constant_points"]) == pytest.approx(float(line["score"]) - float(constant["score"]), abs=2e-4)


def test_json(result: Result, winner: Winner) -> None:
    document = json.loads(tables.front_json(result, rows(result)))
    assert (document["model"], document["cost_model"], document["num_samples"]) == ("umt-mini", "umt-b", 300)
    assert [line["method"] for line in document["equal_cost"]] == ["tome", "vid-tldr", "sta"]
    assert [(line["same_schedule"], line["to_best_shape"] is None) for line in document["equal_cost"][:2]] == [(True, True), (False, False)]
    points = document["points"]
    assert sum(p["on_front"] for p in points) >= 3
    found = next(p for p in points if p["role"] == "winner" and p["method"] == "tome" and p["budget"] == 180)
    assert tuple(found["schedule"]) == winner(result, "tome").schedule
    assert tuple(found["evaluated"]) == winner(result, "tome").evaluated
    assert set(found["to_base"]) == {"points", "low", "high", "p", "p_holm"}
    assert found["to_base"]["p"] == pytest.approx(mcnemar(winner(result, "tome").outcomes, result.base.outcomes))


def test_best_yaml(result: Result, winner: Winner) -> None:
    text = best.best_text(result, rows(result))
    assert "# Quality measured on umt-mini, cost counted for umt-b." in text
    document = yaml.safe_load(text)
    assert list(document["methods"]) == [r.point.method for r in at_budget(rows(result), 180.0)]
    entry, found = document["methods"]["vid-tldr"], winner(result, "vid-tldr")
    assert tuple(entry["schedule"]) == found.schedule
    assert entry["evaluated"] == {"model": "umt-mini", "schedule": list(found.evaluated)}
    assert entry["flops"] == f"python -m tldr_search flops umt-b --method vid-tldr --schedule {words.schedule_text(found.schedule)}"
    assert entry["evaluate"] == best.evaluate_command(result, found)
    assert document["provenance"]["seed"] == 0
    assert document["provenance"]["trials"] == {"complete": 72, "stopped_early": 6, "video_passes": 73.5}
    assert document["same_split"] is False
    assert set(entry["difference_to_constant"]) == {"points", "low", "high", "p", "p_holm"}
    assert document["provenance"]["report_split"] == {"name": "report", "num_samples": 300, "num_videos": 300}


@pytest.mark.parametrize("method", ["vid-tldr", "tome", "sta"])
@pytest.mark.parametrize("named", [True, False])
def test_the_evaluate_command_measures_what_the_study_did(build: Build, winner: Winner, tmp_path: Path, method: str, named: bool) -> None:
    weights = tmp_path / "my weights.pth"
    weights.touch()
    result = build(checkpoint=str(weights) if named else None, objective="v2t_r5")
    counted, evaluated = architecture("umt-b").geometry, architecture("umt-mini").geometry
    ground = Ground(CostModel(architecture("umt-b"), method), evaluated)
    shares = tuple(1.0 + slot for slot in range(ground.slots))
    point = dataclasses.replace(winner(result, method), **repair(shares, 180, ground)._asdict())
    program, options = shlex.split(best.evaluate_command(result, point))[:4], shlex.split(best.evaluate_command(result, point))[4:]
    assert program == ["python", "-m", "tldr_search", "evaluate"]
    fields = {name.removeprefix("--").replace("-", "_"): value for name, value in zip(options[::2], options[1::2], strict=True)}
    config = from_mapping(EvaluateConfig, fields)
    assert (config.model, config.costs, config.benchmark, config.split, config.task) == ("umt-mini", "umt-b", "demo", "report", "retrieval")
    assert config.checkpoint == result.checkpoint
    assert transfer(config.r, ground.method, counted, evaluated) == ground.method.full(point.evaluated, evaluated)
    assert ground.cost(config.r).gflops == point.gflops


def test_screen_table(result: Result, winner: Winner) -> None:
    text = screen_table(result)
    assert max(map(len, text.splitlines())) <= 100
    assert text.isascii()
    assert "Quality measured on umt-mini, cost counted for umt-b." in " ".join(text.split())
    head = text.splitlines()[1]
    for name in ("unreduced", "vid-tldr", "tome", "sta", "random"):
        line = next(x for x in text.splitlines() if x.startswith(name))
        score_end = head.index("score [95 %]") + len("score [95 %]")
        assert line[score_end - 1] == "]"
    assert ",".join(map(str, winner(result, "vid-tldr").schedule[:3])) in text


def test_the_screen_tells_knee_and_hypervolume(result: Result) -> None:
    text = " ".join(screen_table(result).split())
    bend = knee(result)
    assert bend is not None
    assert f"Knee of the front: {bend.method} at {words.amount_text(bend.price, 'gflops')}, {bend.score:.1f} %." in text
    for found in hypervolumes(result):
        assert f"{found.method} {found.percent:.1f}" in text
    flat = dataclasses.replace(result, baselines=(), known=(), base=dataclasses.replace(result.base, score=0.0))
    flat = dataclasses.replace(flat, winners=tuple(dataclasses.replace(w, score=50.0) for w in flat.winners))
    assert knee(flat) is None
    assert "Knee" not in screen_table(flat)


def test_screen_table_wraps_long_schedules(result: Result) -> None:
    def longer(points: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple(dataclasses.replace(p, schedule=tuple(range(100, 132))) if p.method == "tome" else p for p in points)

    text = screen_table(dataclasses.replace(result, winners=longer(result.winners), trials=longer(result.trials)))
    assert max(map(len, text.splitlines())) <= 100
    assert ",".join(map(str, range(100, 132))) in "".join(line[len("vid-tldr  ") :] for line in text.splitlines())


def test_without_baselines_or_with_one_rung(build: Build, winner: Winner) -> None:
    assert "random" not in screen_table(build(baselines=False))
    result = build(("sta",))
    single = dataclasses.replace(result, winners=(winner(result, "sta"),))
    assert "at every cost" not in screen_table(single)


def test_a_method_that_misses_a_rung(result: Result) -> None:
    fewer = tuple(w for w in result.winners if (w.method, w.budget) != ("sta", 105.0))
    line = next(x for x in screen_table(dataclasses.replace(result, winners=fewer)).splitlines() if x.lstrip().startswith("105.0"))
    assert " - " in line


def test_same_split_is_said_everywhere(build: Build) -> None:
    result = build(same_split=True)
    text = screen_table(result)
    assert text.splitlines()[0] == "WARNING: chosen and measured on the same clips: scores are too good."
    assert "did not see" not in text
    assert tables.document(result, rows(result))["same_split"] is True
    written = best.best_text(result, rows(result))
    assert "too good!" in written
    assert "did not see" not in written
    assert yaml.safe_load(written)["same_split"] is True


def test_notes_and_constraints_are_said_again(build: Build) -> None:
    result = build(notes=tuple(f"note {i}" for i in range(7)), constraints={"multiple_of": 8})
    text = screen_table(result)
    assert text.isascii()
    assert "Schedules held to: r is a multiple of 8." in " ".join(text.split())
    assert text.splitlines()[-6:] == [*(f"- note {i}" for i in range(5)), "- and 2 more, in report.html"]
    document = tables.document(result, rows(result))
    assert len(document["notes"]) == 7
    assert document["constraints"] == {"multiple_of": 8}


def test_without_labels_nothing_is_tested_against_the_unreduced_model(unlabelled: Result, winner: Winner) -> None:
    table = rows(unlabelled)
    row = at_budget(table, 18.0)[0]
    assert row.to_base is not None
    assert row.to_base[:3] == pytest.approx(paired_difference(row.point.outcomes, unlabelled.base.outcomes))
    assert (row.to_base.p, row.to_base.p_holm) == (None, None)
    assert row.to_random is not None
    assert row.to_random.p is not None
    text = screen_table(unlabelled)
    assert text.splitlines()[1].split()[:3] == ["method", "ms", "GFLOPs"]
    assert max(map(len, text.splitlines())) <= 100
    assert "the unreduced model scores 100 by definition" in " ".join(text.split())
    assert "Budget: 18 ms." in text
    document = tables.document(unlabelled, table)
    assert (document["unit"], document["budget_ms"], document["base_ms"]) == ("ms", 18.0, 30.334)
    assert "--task retrieval" in best.evaluate_command(unlabelled, unlabelled.winners[0])
    assert best.best(unlabelled, table)["budget_ms"] == 18.0


@pytest.mark.parametrize(
    ("schedule", "text"),
    [((600, 200, 100, 0, 0, 0), "600,200,100"), ((300, 0, 0), "300,0,0"), ((0,) * 12, "0"), ((0, 5, 0, 7), "0,5,0,7"), ((), "")],
)
def test_schedule_text(schedule: tuple[int, ...], text: str) -> None:
    assert words.schedule_text(schedule) == text


def test_words() -> None:
    assert words.signed(-0.04) == "0.0"
    assert words.signed(1.25) == "+1.2"
    assert words.signed_text(-1.3) == "\N{MINUS SIGN}1.3"
    assert words.gflops_text(303.34) == "303.3"
    assert words.gflops_text(180.0) == "180"
    assert words.gflops_text(0.91) == "0.91"
    assert words.p_text(0.0004) == "<0.001"
    assert words.p_text(0.0421) == "0.042"
    assert words.duration_text(184.2) == "3 min 4 s"
    assert words.duration_text(7800) == "2 h 10 min"
    assert words.p_text(None) == "-"
    assert words.p_text(0.001) == "0.001"
    assert words.p_text(0.00099) == "<0.001"
    assert words.gflops_text(25.55) == "25.6"
    assert words.correction_text(1, "methods") == ""
    assert words.correction_text(2, "methods") == ", Holm over 2 methods"
    assert words.method_name("tome:metric=features") == "ToMe (metric=features)"
    assert words.samples_text(300, 300) == "300 videos"
    assert words.samples_text(300, 75) == "300 samples on 75 videos"
    assert words.samples_text(2, 1) == "2 samples on 1 video"
    assert words.twin_text("a", "b", "ms") == "quality measured on a, cost measured on b"
    assert words.twin_text("a", "a", "mib") == "quality and cost measured on a"
    assert words.amount_text(25.54, "ms") == "25.5 ms"
    assert words.constraints_text({"first_layers": 4, "non_increasing": True}) == "tokens leave in the first 4 layers only, r never rises"
    assert words.metric_name("recall_at_7") == "recall_at_7"
