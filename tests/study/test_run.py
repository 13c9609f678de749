"""A whole study on a made-up evaluator: levels, budgets, winners, resuming after anything."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from landscape import Landscape
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from slow import Faulty, Mistaken, Slow

from tldr_search.config import StudyConfig, default_study, load, to_yaml
from tldr_search.lock import locked
from tldr_search.scores import Evaluation, Request
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
    for p in (*result.trials, *result.winners, *result.baselines, *result.known):
        assert 0.998 * p.budget < p.gflops <= p.budget
    assert {p.budget for p in result.baselines} == set(config.rungs)
    assert all(len(p.outcomes) == 300 for p in (*result.winners, *result.baselines, *result.known, result.base))
    assert all(len(p.outcomes) == 200 * p.part for p in (*result.trials, result.base_search))
    assert progress.last is not None
    assert progress.last.done == progress.last.total
    assert progress.last.seconds_left == 0


def test_known_shapes_are_measured_where_the_winners_are(small: Small) -> None:
    config = small(baselines=["random"])
    result = run_study(config, Landscape())
    constant = {(p.method, p.budget) for p in result.known if p.origin == "constant"}
    assert constant >= {("tome", budget) for budget in config.rungs}
    assert {p.origin for p in result.known if (p.method, p.budget) == ("tome", 180)} == {"sta", "vid-tldr", "constant", "decreasing"}
    assert {p.budget for p in result.known if p.origin != "constant"} == {180}
    assert "random" in {p.method for p in result.known}
    assert not run_study(small(known_shapes=False, out=str(config.directory) + "-none"), Landscape()).known


def test_probes_come_first_and_on_a_small_part(small: Small) -> None:
    evaluator = Landscape()
    run_study(small(probes=True), evaluator)
    probes = [request for request in evaluator.calls if request.objective == "fidelity"]
    assert [request.method for request in probes] == ["tome"] * 12 + ["sta"] * 3
    assert {(request.split, request.part) for request in probes} == {("search", 0.125)}
    assert all(sum(r > 0 for r in request.schedule) == 1 for request in probes)


def test_what_is_clearly_worse_is_stopped_early_and_never_wins(small: Small) -> None:
    result = run_study(small(trials=12, parts=["25%", "50%"]), Landscape())
    stopped = [p for p in result.trials if p.part < 1]
    assert stopped
    assert all(len(p.outcomes) == 200 * p.part for p in stopped)
    assert not {(p.method, p.schedule) for p in stopped} & {(p.method, p.schedule) for p in result.winners}
    whole = run_study(small(trials=12, parts=[], out=str(small().directory) + "-whole"), Landscape())
    assert all(p.part == 1 for p in whole.trials)


def test_a_search_that_gains_nothing_ends(small: Small) -> None:
    result = run_study(small(methods=["tome"], trials=40, patience=5, ladder=[]), Landscape())
    assert len(result.trials) < 40
    assert any("no significant gain" in note for note in result.notes)


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "nsgaii", "random"])
def test_samplers_of_optuna_search_the_same_manifold(small: Small, sampler: str) -> None:
    result = run_study(small(methods=["tome"], sampler=sampler, trials=9, ladder=[], parts=[]), Landscape())
    assert len({p.evaluated for p in result.trials}) == 9
    assert all(0.998 * 180 < p.gflops <= 180 for p in result.trials)


def test_optuna_reads_what_a_study_leaves(small: Small) -> None:
    result = run_study(small(), Landscape())
    storage = JournalStorage(JournalFileBackend(str(small().directory / "journal.log")))
    study = optuna.load_study(study_name="demo-180gflops/tome@180", storage=storage)
    assert study.best_value == max(p.score for p in result.trials if (p.method, p.budget, p.part) == ("tome", 180, 1.0))
    assert set(study.best_params) == {f"share_{slot:02d}" for slot in range(1, 13)}


def test_no_schedule_twice_in_a_study(small: Small) -> None:
    result = run_study(small(trials=15), Landscape())
    for method in ("tome", "sta"):
        tried = [p.evaluated for p in result.trials if p.method == method and p.budget == result.budget]
        assert len(tried) == len(set(tried)) == 15


def test_starts_go_first_and_ladders_start_from_the_neighbour(small: Small) -> None:
    result = run_study(small(methods=["tome"], trials=7, sampler="trajectory", probes=True, ladder=["125gflops"]), Landscape())
    origins = [p.origin for p in result.trials if p.method == "tome" and p.budget == 180]
    assert set(origins[:5]) == {"sta", "vid-tldr", "constant", "decreasing", "sensitivity"}
    assert origins[5:] == ["model", "model"]
    rung = [p for p in result.trials if p.method == "tome" and p.budget == 125]
    assert "neighbour" in {p.origin for p in rung}


def test_the_winner_is_the_best_trial(small: Small) -> None:
    result = run_study(small(), Landscape())
    for found in result.winners:
        rivals = [p for p in result.trials if (p.method, p.budget, p.part) == (found.method, found.budget, 1.0)]
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
    whole_ones = [request for request in calls if request.part == 1]
    assert len(whole_ones) == len(set(whole_ones))
    assert any("resumes" in line for line in progress.said) == (error is not RuntimeError)


def test_kills_at_any_write_lose_nothing_that_was_finished(small: Small, tmp_path: Path) -> None:
    whole = run_study(small(out=str(tmp_path / "whole")), Landscape())
    settings, log = tmp_path / "study.yaml", tmp_path / "measured"
    settings.write_text(to_yaml(small()))
    moments = [int(n) for n in np.random.default_rng(0).integers(1, 80, size=8)]
    for writes in moments:
        assert _killed_at(settings, log, writes) == -signal.SIGKILL
    with (small().directory / "journal.log").open("a") as journal:
        journal.write('{"op_code": 4, "torn')
    evaluator = Landscape()
    assert told(run_study(small(), evaluator)) == told(whole)
    measured = Counter([*log.read_text().splitlines(), *(f"{request}" for request in evaluator.calls if request.part == 1)])
    again = sum(count - 1 for count in measured.values())
    assert again <= len(moments)  # what was being measured, or was measured and not kept yet, at each kill


def _killed_at(settings: Path, log: Path, writes: int) -> int:
    """The status of a process that runs the study and is killed at its `writes`-th write to the journal."""
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "from landscape import Landscape\n"
        "from tldr_search.config import StudyConfig, load\n"
        "from tldr_search.study import storage\n"
        "from tldr_search.study.run import run_study\n"
        "quick, log, append, left = Landscape(), open(sys.argv[3], 'a', buffering=1), storage._Journal.append_logs, [int(sys.argv[4])]\n"
        "def append_or_die(*arguments):\n"
        "    left[0] -= 1\n"
        "    if left[0] == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    append(*arguments)\n"
        "def measure(request):\n"
        "    found = quick(request)\n"
        "    if request.part == 1: print(request, file=log)\n"
        "    return found\n"
        "storage._Journal.append_logs = append_or_die\n"
        "run_study(load(StudyConfig, sys.argv[2]), measure)\n"
    )
    arguments = [sys.executable, "-c", code, str(Path(__file__).parent), str(settings), str(log), str(writes)]
    return subprocess.run(arguments, capture_output=True, check=False).returncode


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
    run_study(small(), Landscape(), identity={"weights": "one"})
    with pytest.raises(ValueError, match="weights"):
        run_study(small(), Landscape(), identity={"weights": "two"})


def test_one_process_at_a_time(small: Small) -> None:
    with locked(small().directory), pytest.raises(ValueError, match="another process"):
        run_study(small(), Landscape())


def test_a_database_instead_of_the_journal(small: Small, tmp_path: Path) -> None:
    few = {"methods": ["sta"], "storage": f"sqlite:///{tmp_path / 'study.db'}"}
    whole = run_study(small(methods=["sta"], out=str(tmp_path / "whole")), Landscape())
    with pytest.raises(RuntimeError):
        run_study(small(**few), Landscape(5))
    assert told(run_study(small(**few), Landscape())) == told(whole)
    with pytest.raises(ValueError, match="would be accepted"):
        run_study(small(storage="nonsense", out=str(tmp_path / "third")), Landscape())


def test_runs_on_one_storage_work_on_one_study(small: Small, tmp_path: Path) -> None:
    """The second, begun while the first is under way, finishes it; the first finds nothing left to do."""
    shared = {"methods": ["sta"], "storage": f"sqlite:///{tmp_path / 'study.db'}"}
    whole, quick, second, helper = (
        run_study(small(methods=["sta"], out=str(tmp_path / "whole")), Landscape()),
        Landscape(),
        list[Result](),
        Landscape(),
    )

    def joined(request: Request) -> Evaluation:
        if len(quick.calls) == 4 and not helper.calls:
            with pytest.raises(RuntimeError):
                run_study(small(**shared, out=str(tmp_path / "second")), helper_that_stops)
        return quick(request)

    def helper_that_stops(request: Request) -> Evaluation:
        if len(helper.calls) == 3:
            raise RuntimeError("gone")
        return helper(request)

    first = run_study(small(**shared, out=str(tmp_path / "first")), joined)
    second.append(run_study(small(**shared, out=str(tmp_path / "third")), Landscape(0)))
    assert {p.budget for p in first.winners} == {p.budget for p in whole.winners}
    assert told(second[0]) == told(first)
    both = [request for request in (*quick.calls, *helper.calls) if request.part == 1]
    assert len(both) == len(set(both))


def test_another_name_is_another_study_on_one_storage(small: Small, tmp_path: Path) -> None:
    shared = {"methods": ["sta"], "storage": f"sqlite:///{tmp_path / 'study.db'}"}
    run_study(small(**shared), Landscape())
    with pytest.raises(ValueError, match="seed: 0 then, 5 now"):
        run_study(small(**shared, seed=5, out=str(tmp_path / "other")), Landscape())
    other = small(methods=["sta"], seed=5, name="other", out=str(tmp_path / "alone"))
    assert told(run_study(small(**shared, seed=5, name="other", out=str(tmp_path / "other")), Landscape())) == told(
        run_study(other, Landscape())
    )


def test_several_workers_find_every_evaluation_once(small: Small, tmp_path: Path) -> None:
    config = small(trials=8, storage=f"journal:{tmp_path / 'shared.log'}")
    result = run_study(config, Slow(str(tmp_path / "calls")), workers=3)
    calls = [line.split(" ", 1)[1] for line in (tmp_path / "calls").read_text().splitlines() if "part=1.0" in line]
    assert len(calls) == len(set(calls))
    assert {p.budget for p in result.winners if p.method == "tome"} == set(config.rungs)
    assert all(len([p for p in result.trials if (p.method, p.budget) == (m, 180)]) == 8 for m in config.methods)


def test_several_workers_end_where_schedules_run_out(small: Small, tmp_path: Path) -> None:
    few = {"methods": ["sta"], "budget": "299gflops", "ladder": [], "baselines": [], "patience": 0, "trials": 400}
    result = run_study(small(**few), Slow(str(tmp_path / "calls")), workers=2)
    assert len(result.trials) < 400
    assert any("different schedules were found" in note for note in result.notes)


@pytest.mark.parametrize(("evaluator", "error"), [(Mistaken(), ValueError), (Faulty(), RuntimeError)])
def test_the_error_of_all_workers_is_told(
    small: Small, evaluator: Mistaken | Faulty, error: type[Exception], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(error, match="nothing to accept" if error is ValueError else "ValueError: .*argument is an empty sequence|empty"):
        run_study(small(), evaluator, workers=2)
    assert ("Traceback" in capfd.readouterr().err) == (error is RuntimeError)
    assert not small().directory.exists()


@pytest.mark.parametrize(("sampler", "claims"), [("random", 3), ("trajectory", 8)])
def test_a_kill_between_asking_and_claiming_changes_nothing(small: Small, tmp_path: Path, sampler: str, claims: int) -> None:
    fields = {"methods": ["tome"], "ladder": [], "sampler": sampler, "trials": 8, "baselines": []}
    whole = run_study(small(**fields, out=str(tmp_path / "whole")), Landscape())
    settings = tmp_path / "study.yaml"
    settings.write_text(to_yaml(small(**fields)))
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from landscape import Landscape\n"
        "from tldr_search.config import StudyConfig, load\n"
        "from tldr_search.study.claims import Claims\n"
        "from tldr_search.study.run import run_study\n"
        "take, made = Claims.take, []\n"
        "def killed(*arguments):\n"
        "    made.append(1)\n"
        "    if len(made) == int(sys.argv[3]): os._exit(9)\n"
        "    return take(*arguments)\n"
        "Claims.take = killed\n"
        "run_study(load(StudyConfig, sys.argv[2]), Landscape())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent), str(settings), str(claims)], check=False)
    assert done.returncode == 9
    assert told(run_study(small(**fields), Landscape())) == told(whole)


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
    def broken(request: Request) -> Evaluation:
        raise ValueError("no such checkpoint")

    with pytest.raises(ValueError, match="no such checkpoint"):
        run_study(small(), broken, identity={"weights": "wrong"})
    assert run_study(small(seed=3), Landscape(), identity={"weights": "right"}).seed == 3


def test_results_of_unknown_settings_are_refused(small: Small) -> None:
    run_study(small(), Landscape())
    (small().directory / directory.SETTINGS).unlink()
    with pytest.raises(ValueError, match=r"no study\.yaml"):
        run_study(small(), Landscape())


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"format": 5}', '{"format": 5, "base": 1}', '{"format": 5, "base": {}}'])
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
    with pytest.raises(ValueError, match=r"format 1\); format 5 would be accepted"):
        result_of.load(path)


def test_shapes_out_of_reach_are_said_once_and_kept(small: Small) -> None:
    progress = Silent()
    result = run_study(small(methods=["sta"], budget="100gflops", ladder=[]), Landscape(), progress=progress)
    line = "sta with vid-tldr's shape does not reach 100.0 GFLOPs"
    assert progress.said.count(line) == 1
    assert line in result.notes


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
    assert "60.0" not in "".join(progress.said[1:])
    assert progress.last is not None
    assert progress.last.done == progress.last.total


def test_a_study_that_runs_dry_says_so(small: Small) -> None:
    progress = Silent()
    result = run_study(
        small(methods=["sta"], budget="299gflops", ladder=["240gflops"], trials=400, patience=0), Landscape(), progress=progress
    )
    assert any("different schedules were found" in line for line in progress.said)
    assert len([p for p in result.trials if p.budget == 299]) < 400
    assert progress.last is not None
    assert progress.last.done == progress.last.total


def test_scores_that_are_no_numbers_are_refused(small: Small) -> None:
    def broken(request: Request) -> Evaluation:
        return dataclasses.replace(Landscape()(request), metrics={request.objective: float("nan")})

    with pytest.raises(RuntimeError, match="nan"):
        run_study(small(), broken)


def test_schedules_measured_on_other_samples_are_never_paired(small: Small) -> None:
    quick = Landscape()

    def now_and_then(request: Request) -> Evaluation:
        """The last sample is missing from the fifth evaluation on."""
        found = quick(request)
        if len(quick.calls) < 5:
            return found
        return dataclasses.replace(found, outcomes=found.outcomes[:-1], sample_ids=found.sample_ids[:-1])

    with pytest.raises(RuntimeError, match="samples that are not those of"):
        run_study(small(), now_and_then)


def test_never_imports_torch() -> None:
    code = "import sys, tldr_search.study.run, tldr_search.study.progress; print([m for m in ('torch', 'lightning') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
