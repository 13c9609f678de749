"""Claims: one evaluates, whoever dies is replaced, and what was measured comes back as it was."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import optuna
import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState
from proxy import serve

from tldr_search.scores import Evaluation
from tldr_search.study import claims as module
from tldr_search.study.claims import BEAT, Claims, lost
from tldr_search.study.records import CLAIM, LONGEST, to_attributes
from tldr_search.study.storage import open_storage, open_study

SPACE = {"share_01": optuna.distributions.FloatDistribution(0, 1)}


def evaluation(outcomes: tuple[float, ...] = (1.0, 0.0, 1.0), score: float = 200 / 3) -> Evaluation:
    names = tuple(f"video{i}" for i in range(len(outcomes)))
    return Evaluation({"top1": score, "mnr": 1 / 3}, "top1", outcomes, names, 1.25, len(outcomes))


@pytest.fixture(params=["memory", "journal", "sqlite", "grpc"])
def study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[optuna.Study]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sqlite = f"sqlite:///{tmp_path / 'study.db'}"
    if request.param == "grpc":
        with serve(InMemoryStorage()) as port:
            yield open_study(open_storage(tmp_path, f"grpc://127.0.0.1:{port}", print), "study")
    elif request.param == "memory":
        yield open_study(InMemoryStorage(), "study")
    else:
        yield open_study(open_storage(tmp_path, sqlite if request.param == "sqlite" else None, print), "study")


def wait_until(true: Callable[[], bool]) -> None:
    """However slow the machine is, but not for ever."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def beats(study: optuna.Study) -> int:
    """Signs of life of the first trial."""
    return int(study.trials[0].user_attrs[BEAT])


def wait_for_a_beat(study: optuna.Study) -> None:
    before = beats(study)
    wait_until(lambda: beats(study) > before)


@pytest.fixture
def alone() -> optuna.Study:
    return open_study(InMemoryStorage(), "study")


def test_what_was_measured_comes_back(study: optuna.Study) -> None:
    claims = Claims(study, stamp="a")
    trial, stopped = study.ask(SPACE), study.ask(SPACE)
    assert claims.take(trial, "one", {"schedule": [3, 1], "origin": "probe"})
    assert claims.take(stopped, "two", {})
    small, whole = evaluation((0.0, 1.0), 50.0), evaluation((0.25, 1 / 3, 1.0), 52.7)
    with claims.alive(trial):
        pass
    assert claims.finish(trial, {0.25: small, 1.0: whole})
    assert claims.finish(stopped, {0.25: small}, pruned=True)
    for seen in (claims, Claims(open_study(study._storage, "study"))):
        one, two = seen.records()
        assert (one.number, one.key, one.stamp, one.notes) == (0, "one", "a", {"schedule": [3, 1], "origin": "probe"})
        assert (one.params, one.state, two.state) == (trial.params, TrialState.COMPLETE, TrialState.PRUNED)
        assert list(one.parts) == [0.25, 1.0]
        assert one.parts[0.25].outcomes == small.outcomes
        assert one.parts[1.0].outcomes == tuple(float(np.float32(outcome)) for outcome in whole.outcomes)
        assert one.parts[1.0].metrics == whole.metrics
        assert (one.parts[1.0].score, one.parts[1.0].seconds, one.parts[1.0].num_videos) == (52.7, 1.25, 3)
        assert list(two.parts) == [0.25]
        assert not lost([one, two])
    assert study.trials[0].value == 52.7
    assert (study.trials[1].value, study.trials[1].intermediate_values) == (50.0, {25: 50.0})


def test_a_key_is_evaluated_once(study: optuna.Study) -> None:
    claims, rival = Claims(study), Claims(study)
    first, second, third, fourth = (study.ask(SPACE) for _ in range(4))
    assert claims.take(second, "one", {})
    assert not rival.take(first, "one", {})  # although its number is lower
    assert not rival.take(third, "one", {})
    assert claims.finish(second, {1.0: evaluation()})
    assert not rival.take(fourth, "one", {})
    assert [record.state for record in claims.records()] == [TrialState.FAIL, TrialState.COMPLETE, TrialState.FAIL, TrialState.FAIL]
    assert not lost(claims.records())


def test_of_those_who_claim_at_the_same_moment_the_first_holds(alone: optuna.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """All have written before any looks: the case in which each sees all others."""
    together = threading.Barrier(6)
    look = Claims._stronger_rival
    monkeypatch.setattr(Claims, "_stronger_rival", lambda *arguments: (together.wait(), look(*arguments))[1])
    trials = [alone.ask(SPACE) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        held = list(threads.map(lambda trial: Claims(alone).take(trial, "one", {}), trials))
    assert held == [True, False, False, False, False, False]


def test_never_do_two_hold_a_key(alone: optuna.Study) -> None:
    def race(_: int) -> list[bool]:
        claims = Claims(alone)
        return [claims.take(alone.ask(SPACE), str(key), {}) for key in range(30)]

    with ThreadPoolExecutor(6) as threads:
        held = list(threads.map(race, range(6)))
    assert [sum(each) for each in zip(*held, strict=True)] == [1] * 30


def test_a_rival_who_died_before_it_decided_is_not_waited_for_long(alone: optuna.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor longer than `grace`, by the test's clock, which goes on where a look at the rival would be waited for."""
    now = 0.0

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now, sleep=wait))
    trial, dead = alone.ask(SPACE), alone.ask(SPACE)
    dead.set_user_attr(CLAIM, {"key": "one", "stamp": "", "notes": {}, "owner": ["elsewhere", 1]})
    claims = Claims(alone, grace=10)
    assert not claims.take(trial, "one", {})
    assert 5 < now < 5.1
    claims.fail_lost()
    wait(9.9)
    claims.fail_lost()
    assert [trial.state for trial in alone.trials] == [TrialState.FAIL, TrialState.RUNNING]
    wait(0.2)
    claims.fail_lost()
    assert [record.number for record in lost(claims.records())] == [0]


def test_who_shows_no_life_is_replaced(study: optuna.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the one who looks is the test's, and goes on only when the living one has beaten, however busy this machine is."""
    monkeypatch.setattr(module, "_place", lambda: "")
    owner, other = Claims(study, beat=0.01), Claims(study, grace=50)
    living, silent, unclaimed = (study.ask(SPACE) for _ in range(3))
    assert owner.take(living, "living", {})
    assert owner.take(silent, "silent", {})
    with owner.alive(living):
        for now in range(0, 200, 20):
            monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda now=now: now, sleep=time.sleep))
            other.fail_lost()
            wait_for_a_beat(study)
            if now == 40:
                assert {trial.state for trial in study.trials} == {TrialState.RUNNING}
    assert [study.trials[trial.number].state.name for trial in (living, silent, unclaimed)] == ["RUNNING", "FAIL", "FAIL"]
    assert [record.key for record in lost(other.records())] == ["silent"]
    assert other.take(study.ask(SPACE), "silent", {})
    assert not lost(other.records())


def test_a_process_of_this_machine_that_is_gone_is_replaced_at_once(alone: optuna.Study) -> None:
    if not module._place():
        pytest.skip("processes can be told apart on Linux only")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for owner in ([module._place(), gone.pid], ["another machine", gone.pid]):
        alone.ask(SPACE).set_user_attr(CLAIM, {"key": owner[0], "stamp": "", "notes": {}, "owner": owner})
    claims = Claims(alone)
    claims.take(alone.ask(SPACE), "mine", {})
    claims.fail_lost()
    assert [record.state for record in claims.records()] == [TrialState.FAIL, TrialState.RUNNING, TrialState.RUNNING]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_an_exception_gives_the_trial_up_at_once(alone: optuna.Study, error: type[BaseException]) -> None:
    claims, trial = Claims(alone), alone.ask(SPACE)
    assert claims.take(trial, "one", {})
    with pytest.raises(error), claims.alive(trial):
        raise error
    assert [record.key for record in lost(claims.records())] == ["one"]


def test_who_was_slow_keeps_its_result_unless_another_has_taken_over(study: optuna.Study) -> None:
    claims = Claims(study)
    slow, slower = study.ask(SPACE), study.ask(SPACE)
    assert claims.take(slow, "one", {"origin": "probe"})
    assert claims.take(slower, "two", {})
    for trial in (slow, slower):
        claims._fail(trial._trial_id)  # as another would that has seen no life
    assert claims.finish(slow, {1.0: evaluation()})
    assert claims.take(study.ask(SPACE), "two", {})
    assert not claims.finish(slower, {1.0: evaluation()})
    done = [record for record in claims.records() if record.is_done]
    assert [(record.key, record.notes, record.params) for record in done] == [("one", {"origin": "probe"}, slow.params)]
    assert [record.key for record in claims.records() if record.is_open] == ["two"]
    assert not lost(claims.records())


def test_other_settings_do_not_mix(alone: optuna.Study) -> None:
    alone.set_user_attr("settings a", {"seed": 0, "split": "val"})
    alone.set_user_attr("settings b", {"seed": 3, "split": "val"})
    assert Claims(alone, stamp="a").take(alone.ask(SPACE), "one", {})
    trial = alone.ask(SPACE)
    with pytest.raises(ValueError, match=r"made with other settings \(seed: 0 then, 3 now\); choose another --name"):
        Claims(alone, stamp="b").take(trial, "two", {})
    assert alone.trials[trial.number].state == TrialState.FAIL


def test_a_score_that_is_no_number_is_the_evaluators_mistake(alone: optuna.Study) -> None:
    claims, trial = Claims(alone), alone.ask(SPACE)
    assert claims.take(trial, "tome 3,1", {})
    with pytest.raises(RuntimeError, match=r"the evaluator gave top1 = nan for tome 3,1 on 50% of the videos"):
        claims.finish(trial, {0.5: evaluation(score=float("nan"))}, pruned=True)


def test_attributes_fit_every_database() -> None:
    """MySQL's TEXT holds 65535 bytes."""
    rng = np.random.default_rng(0)
    binary = to_attributes(0.5, evaluation(tuple(rng.integers(0, 2, 20_000).astype(float))))
    assert [*binary] == ["part 0.5"]
    assert len(str(binary["part 0.5"])) < 4000
    outcomes = tuple(rng.random(40_000))
    pieces = to_attributes(1.0, evaluation(outcomes))
    assert len(pieces) > 3
    assert max(len(str(piece)) for piece in pieces.values()) < LONGEST + 1000
    study = open_study(InMemoryStorage(), "study")
    claims, trial = Claims(study), study.ask(SPACE)
    assert claims.take(trial, "one", {})
    assert claims.finish(trial, {1.0: evaluation(outcomes)})
    kept = claims.records()[0].parts[1.0].outcomes
    assert kept == tuple(np.asarray(outcomes, np.float32).astype(float).tolist())


def test_beats_go_on_until_the_evaluation_ends(alone: optuna.Study) -> None:
    claims, trial = Claims(alone, beat=0.01), alone.ask(SPACE)
    assert claims.take(trial, "one", {})
    assert alone.trials[0].user_attrs[BEAT] == 0
    before = set(threading.enumerate())
    with claims.alive(trial):
        beating = set(threading.enumerate()) - before
        wait_for_a_beat(alone)
        wait_for_a_beat(alone)
    assert beating
    for thread in beating:  # for which `alive` waits no longer than one beat
        thread.join(60)
        assert not thread.is_alive()
