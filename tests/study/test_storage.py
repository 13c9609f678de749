"""Where a study lives: what is opened, what is refused, and waiting for a database that is away."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState
from proxy import serve
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from tldr_search.made_with import stamp
from tldr_search.scores import Evaluation
from tldr_search.study.claims import Claims
from tldr_search.study.patience import PatientStorage, is_away
from tldr_search.study.storage import JOURNAL, join, open_storage, open_study

MEASURED = Evaluation({"top1": 50.0}, "top1", (1.0, 0.0), ("a", "b"), 1.0, 2)
SEED = {"seed": 0, "weights": "abc", "methods": ("tome", "sta")}


@pytest.mark.parametrize("url", [None, "journal:{}/sub/study.log", "{}/study.log", "sqlite:///{}/study.db"])
def test_a_study_is_found_again(url: str | None, tmp_path: Path) -> None:
    for number in range(2):
        study = open_study(open_storage(tmp_path, url and url.format(tmp_path), print), "demo/tome@180")
        assert study.direction == optuna.study.StudyDirection.MAXIMIZE
        study.tell(study.ask(), 1.0)
        assert len(study.trials) == number + 1
    assert (tmp_path / JOURNAL).exists() == (url is None)


@pytest.mark.parametrize(
    "url, said",
    [
        ("redis://host", r"storage 'redis://host' is of no known kind; journal:/shared/study\.log, sqlite:"),
        (
            "postgresql://me:secret@127.0.0.1:1/study",
            r"'postgresql://me:\*\*\*@127\.0\.0\.1:1/study' cannot be opened: .*refused.*accepted",
        ),
        ("sqlite:////no/such/place/study.db", r"cannot be opened: unable to open database file; e\.g\. journal:"),
        ("postgresql+nodriver://me:secret@host/study", r"'postgresql\+nodriver://me:\*\*\*@host/study' cannot be opened: .*nodriver"),
    ],
)
def test_what_cannot_be_opened_is_told_in_one_line_without_the_password(url: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        open_storage(tmp_path, url, print)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url, module, package",
    [
        ("postgresql://h/s", "psycopg", r"psycopg\[binary\]"),
        ("mysql://h/s", "pymysql", "pymysql"),
        ("grpc://h:1", "grpc", "grpcio protobuf"),
    ],
)
def test_a_driver_that_is_missing_is_named(url: str, module: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ValueError, match=rf"needs a driver that is not installed: pip install {package}"):
        open_storage(tmp_path, url, print)


def test_a_torn_line_is_cut_off_by_whoever_writes_next(tmp_path: Path) -> None:
    study = open_study(open_storage(tmp_path, None, print), "demo")
    study.tell(study.ask(), 1.0)
    with (tmp_path / JOURNAL).open("a") as journal:
        journal.write('{"op_code": 4, "torn')
    again = open_study(open_storage(tmp_path, None, print), "demo")
    assert len(again.trials) == 1
    assert (tmp_path / JOURNAL).read_text().endswith("}\n")
    again.tell(again.ask(), 2.0)
    assert [trial.value for trial in study.trials] == [1.0, 2.0]


def test_the_first_settings_that_measured_something_hold(tmp_path: Path) -> None:
    storage = open_storage(tmp_path, None, print)
    claims = Claims(join(storage, "demo", {"seed": 3}), stamp=stamp({"seed": 3}))
    trial = claims.study.ask()
    assert claims.take(trial, "none", {})
    with pytest.raises(KeyError), claims.alive(trial):
        raise KeyError
    study = join(storage, "demo", SEED)  # nothing was measured, so far
    claims = Claims(open_study(storage, "demo/tome@180"), stamp=stamp(SEED))
    trial = claims.study.ask()
    assert claims.take(trial, "tome 3,1", {})
    assert claims.finish(trial, {0.25: MEASURED}, pruned=True)
    assert join(open_storage(tmp_path, None, print), "demo", {**SEED, "methods": ["tome", "sta"]}).study_name == study.study_name
    join(storage, "demo2", {"seed": 3})
    changes = (
        r"'demo/measurements' is made with other settings \(seed: 0 then, 3 now; weights: 'abc' then, 'xyz' now\); choose another --name"
    )
    with pytest.raises(ValueError, match=changes):
        join(storage, "demo", {**SEED, "seed": 3, "weights": "xyz"})


def test_settings_of_one_who_is_at_it_hold_and_those_of_the_dead_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tldr_search.study.claims._place", lambda: "")
    storage = InMemoryStorage()
    claims = Claims(join(storage, "demo", SEED), stamp=stamp(SEED), beat=0.02)
    trial = claims.study.ask()
    assert claims.take(trial, "none", {})
    with claims.alive(trial), pytest.raises(ValueError, match="seed: 0 then, 3 now"):
        join(storage, "demo", {**SEED, "seed": 3}, beat=0.02, grace=0.3)
    assert join(storage, "demo", {**SEED, "seed": 3}, beat=0.02, grace=0.1)
    assert claims.study.trials[0].state == TrialState.FAIL


class Flaky(InMemoryStorage):
    """Fails before, or after, it has done what it was asked."""

    def __init__(self, failures: int, error: Exception, *, after: bool = False) -> None:
        super().__init__()
        self.failures, self.error, self.after = failures, error, after

    def set_trial_state_values(self, *arguments: Any, **named: Any) -> bool:
        return self._fail(lambda: super(Flaky, self).set_trial_state_values(*arguments, **named))

    def create_new_trial(self, *arguments: Any, **named: Any) -> int:
        return self._fail(lambda: super(Flaky, self).create_new_trial(*arguments, **named))

    def _fail(self, call: Callable[[], Any]) -> Any:
        self.failures -= 1
        if self.failures < 0:
            return call()
        if self.after:
            call()
        raise self.error


def away() -> StorageInternalError:
    error = StorageInternalError("An exception is raised during the commit.")
    error.__cause__ = OperationalError("INSERT", {}, Exception())
    error.__cause__.__cause__ = Exception("server closed the connection unexpectedly\nThis probably means")
    return error


@pytest.mark.parametrize("after", [False, True])
def test_a_storage_that_is_away_is_waited_for(after: bool) -> None:
    said: list[str] = []
    flaky = Flaky(0, away(), after=after)
    study = open_study(PatientStorage(flaky, said.append, pause=0), "study")
    flaky.failures = 1 if after else 3
    trial = study.ask()
    flaky.failures = 1 if after else 3
    study.tell(trial, 2.0)
    assert [t.value for t in study.trials if t.state == TrialState.COMPLETE] == [2.0]
    assert len([t for t in study.trials if t.state == TrialState.RUNNING]) == int(after)  # one that nobody knows of
    assert len(said) == 4
    assert "waiting for it: server closed the connection unexpectedly" in said[0]
    assert said[1] == "the storage of the study is back"
    with pytest.raises(UpdateFinishedTrialError):
        study._storage.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, [2.0])


def test_an_answer_after_an_outage_is_no_outage() -> None:
    """A sign of life of a trial that was finished meanwhile."""
    said: list[str] = []
    errors = [away(), UpdateFinishedTrialError()]

    class Refusing(InMemoryStorage):
        def set_trial_user_attr(self, *arguments: Any) -> None:
            raise errors.pop(0)

    with pytest.raises(UpdateFinishedTrialError):
        PatientStorage(Refusing(), said.append, pause=0).set_trial_user_attr(0, "beat", 1)
    assert not errors
    assert said[1:] == ["the storage of the study is back"]


def test_a_proxy_that_is_restarted_is_waited_for(tmp_path: Path) -> None:
    behind, said = InMemoryStorage(), []
    with serve(behind) as port:
        study = open_study(open_storage(tmp_path, f"grpc://127.0.0.1:{port}", said.append), "study")
        study.tell(study.ask(), 1.0)
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(study.ask)
        while not said:
            assert not asked.done()
            time.sleep(0.01)
        with serve(behind, port):
            study.tell(asked.result(), 2.0)
            assert [trial.value for trial in study.trials] == [1.0, 2.0]
    assert "is away, waiting for it" in said[0]
    assert said[1:] == ["the storage of the study is back"]


def test_patience_ends() -> None:
    flaky = Flaky(0, away())
    study = open_study(PatientStorage(flaky, lambda line: None, limit=0.05, pause=0.01), "study")
    flaky.failures = 10**6
    with pytest.raises(RuntimeError, match=r"was away for 0\.0008\d* minutes: server closed the connection"):
        study.ask()


def test_other_errors_are_not_waited_for() -> None:
    assert is_away(InterfaceError("", {}, Exception()))
    assert is_away(DBAPIError("", {}, Exception(), connection_invalidated=True))
    for error in (ValueError(), DBAPIError("", {}, Exception()), IntegrityError("", {}, Exception()), UpdateFinishedTrialError()):
        assert not is_away(error)
    flaky = Flaky(1, ValueError("no such column"))
    study = open_study(PatientStorage(flaky, pytest.fail), "study")
    with pytest.raises(ValueError, match="no such column"):
        study.ask()


@pytest.mark.parametrize("content", ["important", '{"op_code": 99}\n', '{"some": "json"}\n'])
def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.log"
    path.write_text(content)
    with pytest.raises(ValueError, match="would be accepted") as caught:
        open_storage(tmp_path, str(path), print)
    assert "\n" not in str(caught.value)
    assert path.read_text() == content
