"""A whole study on a made-up evaluator: levels, budgets, winners, resuming after anything."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from landscape import Landscape

from tldr_search.config import StudyConfig, default_study, load, to_yaml
from tldr_search.lock import locked
from tldr_search.study import directory
from tldr_search.study import result as result_of
from tldr_search.study.progress import Silent
from tldr_search.study.result import Result
from tldr_search.study.run import run_study

Small = Callable[..., StudyConfig]


def told(result: Result) -> dict[str, Any]:
    """All that must not depend on interruptions or places."""
    return {k: v for k, v in dataclasses.asdict(result).items() if k not in ("seconds", "command")}


def test_the_default_study(tmp_path: Path) -> None:
    config, evaluator, progress = default_study(out=str(tmp_path / "run")), Landscape(), Silent()
    result = run_study(config, evaluator, progress=progress)
    assert len(evaluator.calls) == len(set(evaluator.calls))
    assert {p.method for p in result.winners} == {"vid-tldr", "tome", "sta"}
    for method in config.methods:
        levels = {p.budget for p in result.winners if p.method == method}
        assert len(levels) >= 6
        assert min(levels) < 0.36 * result.base.gflops
    for p in (*result.trials, *result.winners, *result.baselines):
        assert 0.998 * p.budget < p.gflops <= p.budget
    assert {p.budget for p in result.baselines} == set(config.rungs)
    assert all(len(p.outcomes) == 300 for p in (*result.winners, *result.baselines, result.base))
    assert all(len(p.outcomes) == 200 for p in (*result.trials, result.base_search))
    assert progress.last is not None
    assert progress.last.done == progress.last.total == len(evaluator.calls)
    assert progress.last.seconds_left == 0


def test_no_schedule_twice_in_a_study(small: Small) -> None:
    result = run_study(small(trials=15), Landscape())
    for method in ("tome", "sta"):
        tried = [p.evaluated for p in result.trials if p.method == method and p.budget == result.budget]
        assert len(tried) == len(set(tried)) == 15


def test_known_shapes_go_first_and_ladders_start_from_the_neighbour(small: Small) -> None:
    result = run_study(small(), Landscape())
    origins = [p.origin for p in result.trials if p.method == "tome" and p.budget == 180]
    assert origins[:5] == ["sta", "vid-tldr", "constant", "decreasing", "sampler"]
    rung = [p for p in result.trials if p.method == "tome" and p.budget == 125]
    assert rung[0].origin == "neighbour"
    assert rung[1].origin in ("sta", "vid-tldr", "constant", "decreasing")


def test_the_winner_is_the_best_trial(small: Small) -> None:
    result = run_study(small(), Landscape())
    for found in result.winners:
        rivals = [p for p in result.trials if (p.method, p.budget) == (found.method, found.budget)]
        best = max(p.score for p in rivals)
        chosen = next(p for p in rivals if p.schedule == found.schedule)
        assert chosen.score == best
        assert all(chosen.gflops <= p.gflops for p in rivals if p.score == best)


def test_same_seed_same_result(small: Small, tmp_path: Path) -> None:
    one, other = (run_study(small(out=str(tmp_path / name)), Landscape()) for name in ("a", "b"))
    assert told(one) == told(other)
    third = run_study(small(out=str(tmp_path / "c"), seed=1), Landscape())
    assert [p.schedule for p in third.trials] != [p.schedule for p in one.trials]


@pytest.mark.parametrize("ladder", [[], ["240gflops"], ["33%", "38%", "41%", "50%", "71%", "80%", "86%", "95%"]])
def test_any_number_of_rungs(small: Small, ladder: list[str]) -> None:
    config = small(ladder=ladder, trials=2, rung_trials=1)
    result = run_study(config, Landscape())
    assert {p.budget for p in result.winners if p.method == "tome"} == set(config.rungs)
    assert len(config.rungs) == len(ladder) + 1
    assert result.checkpoint is None


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_resumes_after_an_exception(small: Small, tmp_path: Path, error: type[BaseException]) -> None:
    whole = run_study(small(out=str(tmp_path / "whole")), Landscape())
    calls, progress = [], Silent()
    for stop in (0, 1, 5, 3, 9):
        evaluator = Landscape(stop, error)
        with pytest.raises(error):
            run_study(small(), evaluator, progress=progress)
        calls += evaluator.calls
    evaluator = Landscape()
    assert told(run_study(small(), evaluator)) == told(whole)
    calls += evaluator.calls
    assert len(calls) == len(set(calls))
    assert any("resumes" in line for line in progress.said) == (error is not RuntimeError)


def test_resumes_after_kill_9(small: Small, tmp_path: Path) -> None:
    whole = run_study(small(out=str(tmp_path / "whole")), Landscape())
    settings = tmp_path / "study.yaml"
    settings.write_text(to_yaml(small()))
    ledger = Path(small().out or "") / directory.LEDGER
    for lines in (4, 11):
        _kill_when(settings, ledger, lines)
    with (ledger.parent / directory.JOURNAL).open("a") as journal:
        journal.write('{"op_code": 4, "torn')
    with ledger.open("a") as file:
        file.write('{"session": "torn')
    lock = ledger.parent / f"{directory.JOURNAL}.lock"
    lock.unlink(missing_ok=True)
    lock.symlink_to("nowhere")
    kept, evaluator = ledger.read_text().count("\n"), Landscape()
    assert kept >= 11
    assert told(run_study(small(), evaluator)) == told(whole)
    assert len(evaluator.calls) + kept == ledger.read_text().count("\n")


def _kill_when(settings: Path, ledger: Path, lines: int) -> None:
    """Runs the study in a process of its own, slowly, and kills it once `lines` evaluations are kept."""
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from landscape import Landscape\n"
        "from tldr_search.config import StudyConfig, load\n"
        "from tldr_search.study.run import run_study\n"
        "quick = Landscape()\n"
        "run_study(load(StudyConfig, sys.argv[2]), lambda *key: (time.sleep(0.05), quick(*key))[1])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(Path(__file__).parent), str(settings)])
    deadline = time.monotonic() + 60
    while not (ledger.exists() and ledger.read_text().count("\n") >= lines):
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_a_finished_run_is_only_read(small: Small) -> None:
    first = run_study(small(), Landscape())
    evaluator = Landscape()
    assert run_study(small(), evaluator) == first
    assert not evaluator.calls


@pytest.mark.parametrize("change", [{"seed": 3}, {"trials": 7}, {"budget": "170gflops"}])
def test_other_settings_are_refused(small: Small, change: dict[str, object]) -> None:
    run_study(small(), Landscape())
    (name,) = change
    with pytest.raises(ValueError, match=rf"{name}: .* then, .* now.*--out"):
        run_study(small(**change), Landscape())


def test_other_weights_are_refused(small: Small) -> None:
    run_study(small(), Landscape(), weights="one")
    with pytest.raises(ValueError, match="weights"):
        run_study(small(), Landscape(), weights="two")


def test_one_process_at_a_time(small: Small) -> None:
    with locked(small().directory), pytest.raises(ValueError, match="another process"):
        run_study(small(), Landscape())


def test_a_database_instead_of_the_journal(small: Small, tmp_path: Path) -> None:
    few = {"methods": ["sta"], "storage": f"sqlite:///{tmp_path / 'study.db'}"}
    whole = run_study(small(methods=["sta"], out=str(tmp_path / "whole")), Landscape())
    with pytest.raises(RuntimeError):
        run_study(small(**few), Landscape(5))
    assert told(run_study(small(**few), Landscape())) == told(whole)
    other = small(methods=["sta"], seed=5, out=str(tmp_path / "alone"))
    assert told(run_study(small(**few, seed=5, out=str(tmp_path / "other")), Landscape())) == told(run_study(other, Landscape()))
    with pytest.raises(ValueError, match="cannot be opened"):
        run_study(small(storage="nonsense", out=str(tmp_path / "third")), Landscape())


def test_two_runs_on_one_storage_leave_each_other_alone(small: Small, tmp_path: Path) -> None:
    shared = {"methods": ["sta"], "storage": f"sqlite:///{tmp_path / 'study.db'}"}
    whole, quick, second = run_study(small(methods=["sta"], out=str(tmp_path / "whole")), Landscape()), Landscape(), list[Result]()

    def interrupted(method: str, schedule: tuple[int, ...], split: str) -> Any:
        if len(quick.calls) == 4:
            second.append(run_study(small(**shared, out=str(tmp_path / "second")), Landscape()))
        return quick(method, schedule, split)

    assert told(run_study(small(**shared, out=str(tmp_path / "first")), interrupted)) == told(whole)
    assert told(second[0]) == told(whole)


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_cannot_hold_a_run(small: Small, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    evaluator = Landscape()
    with pytest.raises(ValueError, match=rf"out: '{tmp_path / place}' cannot hold a run .*would be accepted"):
        run_study(small(out=str(tmp_path / place)), evaluator)
    assert not evaluator.calls


def test_a_place_that_cannot_be_written_to(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    config = small()
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ValueError, match="Permission denied"):
        run_study(config, Landscape())


def test_a_run_that_measured_nothing_holds_nobody_to_its_settings(small: Small) -> None:
    def broken(method: str, schedule: tuple[int, ...], split: str) -> Any:
        raise ValueError("no such checkpoint")

    with pytest.raises(ValueError, match="no such checkpoint"):
        run_study(small(), broken, weights="wrong")
    assert not (small().directory / directory.SETTINGS).exists()
    assert run_study(small(seed=3), Landscape(), weights="right").seed == 3


def test_results_of_unknown_settings_are_refused(small: Small) -> None:
    run_study(small(), Landscape())
    (small().directory / directory.SETTINGS).unlink()
    with pytest.raises(ValueError, match=r"no study\.yaml"):
        run_study(small(), Landscape())


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"format": 2}', '{"format": 2, "base": 1}', '{"format": 2, "base": {}}'])
def test_what_is_no_result(tmp_path: Path, content: str) -> None:
    path = tmp_path / directory.RESULT
    path.write_text(content)
    with pytest.raises(ValueError, match=r"result\.json is no result of a study, or a damaged one") as caught:
        result_of.load(path)
    assert "\n" not in str(caught.value)


def test_a_damaged_result_is_written_again(small: Small) -> None:
    first, path = run_study(small(), Landscape()), small().directory / directory.RESULT
    path.write_text(path.read_text()[:500])
    with pytest.raises(ValueError, match="damaged"):
        run_study(small(), Landscape())
    path.unlink()
    evaluator = Landscape()
    assert told(run_study(small(), evaluator)) == told(first)
    assert not evaluator.calls


def test_a_result_of_another_format(tmp_path: Path) -> None:
    path = tmp_path / directory.RESULT
    path.write_text('{"format": 1}')
    with pytest.raises(ValueError, match=r"format 1\); format 2 would be accepted"):
        result_of.load(path)


def test_shapes_out_of_reach_are_said_once(small: Small) -> None:
    progress = Silent()
    run_study(small(methods=["sta"], budget="100gflops", ladder=[]), Landscape(), progress=progress)
    lines = [line for line in progress.said if line.startswith("sta: shape vid-tldr left out at 100.0 GFLOPs: ")]
    assert len(lines) == 1


def test_the_settings_of_a_run_repeat_it(small: Small, tmp_path: Path) -> None:
    first = run_study(small(), Landscape())
    kept = load(StudyConfig, small().directory / directory.SETTINGS, out=str(tmp_path / "again"))
    assert told(run_study(kept, Landscape())) == told(first)


def test_a_rung_out_of_reach_is_left_out_and_said(small: Small) -> None:
    progress = Silent()
    result = run_study(small(ladder=["60gflops", "240gflops"]), Landscape(), progress=progress)
    assert {p.budget for p in result.winners if p.method == "sta"} == {180, 240}
    assert {p.budget for p in result.winners if p.method == "tome"} == {60, 180, 240}
    assert progress.said[0] == "sta: 60.0 GFLOPs left out; it costs at least 93.8"
    assert [line.split(":")[1] for line in progress.said[1:]] == [" shape vid-tldr left out at 240.0 GFLOPs"]
    assert progress.last is not None
    assert progress.last.done == progress.last.total


def test_a_study_that_runs_dry_says_so(small: Small) -> None:
    progress = Silent()
    result = run_study(small(methods=["sta"], budget="299gflops", ladder=["240gflops"], trials=400), Landscape(), progress=progress)
    assert any("different schedules were found" in line for line in progress.said)
    assert len([p for p in result.trials if p.budget == 299]) < 400
    assert progress.last is not None
    assert progress.last.done == progress.last.total


def test_scores_that_are_no_numbers_are_refused(small: Small) -> None:
    def broken(method: str, schedule: tuple[int, ...], split: str) -> Any:
        return dataclasses.replace(Landscape()(method, schedule, split), metrics={"t2v_r1": float("nan")})

    with pytest.raises(RuntimeError, match="nan"):
        run_study(small(), broken)


def test_never_imports_torch() -> None:
    code = "import sys, tldr_search.study.run, tldr_search.study.progress; print([m for m in ('torch', 'lightning') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
