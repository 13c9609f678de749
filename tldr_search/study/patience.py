"""A storage that is waited for: a database may be restarted, or a network be away, while a study runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Sequence
from typing import Any, TypeVar

from optuna.distributions import BaseDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

T = TypeVar("T")


def is_away(error: BaseException | None) -> bool:
    """Whether `error`, or what caused it, says that a database or a server cannot be reached for now.

    Told by name, for the drivers are optional: SQLAlchemy's OperationalError (refused, shut down, starting up, locked, deadlock) and
    InterfaceError, any of its errors that found the connection closed, and gRPC's UNAVAILABLE.
    """
    while error is not None:
        names = {f"{cls.__module__.partition('.')[0]}.{cls.__name__}" for cls in type(error).__mro__}
        if names & {"sqlalchemy.OperationalError", "sqlalchemy.InterfaceError"}:
            return True
        if "sqlalchemy.DBAPIError" in names and getattr(error, "connection_invalidated", False):
            return True
        if "grpc.RpcError" in names and "StatusCode.UNAVAILABLE" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


class PatientStorage(BaseStorage):
    """Every call of `storage`, again and again while it is away, for at most `limit` seconds.

    Repeating a call whose first attempt took effect, unknown to us, is harmless: attributes are set to the same value, a trial that was
    created twice is never claimed and counts as lost, and a state that was set already is compared. `say` is told once that it waits
    and once that the database is back.
    """

    def __init__(self, storage: BaseStorage, say: Callable[[str], None], *, limit: float = 1800, pause: float = 1.0) -> None:
        self._storage, self._say, self._limit, self._pause = storage, say, limit, pause
        self._lock = threading.Lock()
        self._waiting = 0

    def _patiently(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except Exception as error:
            if not is_away(error):
                raise
            away = error
        return self._wait(call, away)  # out here, or it would be the context of every later error, which would then count as away, too

    def _wait(self, call: Callable[[], T], error: Exception) -> T:
        with self._lock:  # threads that wait at the same time say so once
            self._waiting += 1
            if self._waiting == 1:
                self._say(f"the storage of the study is away, waiting for it: {first_line(error)}")
        is_back = True
        try:
            return self._repeat(call, error)
        except RuntimeError as over:  # `UpdateFinishedTrialError` is one, too, but it is the storage's answer
            is_back = isinstance(over, UpdateFinishedTrialError)
            raise
        finally:
            with self._lock:
                self._waiting -= 1
            if is_back and not self._waiting:
                self._say("the storage of the study is back")

    def _repeat(self, call: Callable[[], T], error: Exception) -> T:
        deadline = time.monotonic() + self._limit
        while time.monotonic() < deadline:
            time.sleep(self._pause)
            try:
                return call()
            except Exception as again:
                if not is_away(again):
                    raise
                error = again
        raise RuntimeError(f"the storage of the study was away for {self._limit / 60:g} minutes: {first_line(error)}") from error

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        """As the storage; a study that was created unnoticed is a `DuplicatedStudyError`, as one that somebody else created."""
        return self._patiently(lambda: self._storage.create_new_study(directions, study_name))

    def delete_study(self, study_id: int) -> None:
        """As the storage."""
        self._patiently(lambda: self._storage.delete_study(study_id))

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """As the storage."""
        self._patiently(lambda: self._storage.set_study_user_attr(study_id, key, value))

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """As the storage."""
        self._patiently(lambda: self._storage.set_study_system_attr(study_id, key, value))

    def get_study_id_from_name(self, study_name: str) -> int:
        """As the storage."""
        return self._patiently(lambda: self._storage.get_study_id_from_name(study_name))

    def get_study_name_from_id(self, study_id: int) -> str:
        """As the storage."""
        return self._patiently(lambda: self._storage.get_study_name_from_id(study_id))

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """As the storage."""
        return self._patiently(lambda: self._storage.get_study_directions(study_id))

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """As the storage."""
        return self._patiently(lambda: self._storage.get_study_user_attrs(study_id))

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """As the storage."""
        return self._patiently(lambda: self._storage.get_study_system_attrs(study_id))

    def get_all_studies(self) -> list[FrozenStudy]:
        """As the storage."""
        return self._patiently(self._storage.get_all_studies)

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """As the storage; after an outage there may be a second trial that nobody knows of."""
        return self._patiently(lambda: self._storage.create_new_trial(study_id, template_trial))

    def set_trial_param(self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution) -> None:
        """As the storage."""
        self._patiently(lambda: self._storage.set_trial_param(trial_id, param_name, param_value_internal, distribution))

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """As the storage; a trial that is in this state with these values already, after an outage, was set by the lost attempt."""
        attempts = 0

        def tell() -> bool:
            nonlocal attempts
            attempts += 1
            try:
                return self._storage.set_trial_state_values(trial_id, state, values)
            except UpdateFinishedTrialError:
                trial = self._storage.get_trial(trial_id)
                if attempts > 1 and trial.state == state and trial.values == (None if values is None else list(values)):
                    return True
                raise

        return self._patiently(tell)

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """As the storage."""
        self._patiently(lambda: self._storage.set_trial_intermediate_value(trial_id, step, intermediate_value))

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """As the storage."""
        self._patiently(lambda: self._storage.set_trial_user_attr(trial_id, key, value))

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """As the storage."""
        self._patiently(lambda: self._storage.set_trial_system_attr(trial_id, key, value))

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """As the storage."""
        return self._patiently(lambda: self._storage.get_trial_id_from_study_id_trial_number(study_id, trial_number))

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """As the storage."""
        return self._patiently(lambda: self._storage.get_trial(trial_id))

    def get_all_trials(self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """As the storage."""
        return self._patiently(lambda: self._storage.get_all_trials(study_id, deepcopy, states))

    def remove_session(self) -> None:
        """As the storage."""
        self._storage.remove_session()


def first_line(error: BaseException) -> str:
    """The innermost cause in one line: what the driver said."""
    while error.__cause__ is not None:
        error = error.__cause__
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__).strip()
