"""The directory of a run: who may write to it, what it was made with, and the storage of its Optuna studies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import optuna
import yaml
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from tldr_search.config import HOW
from tldr_search.study.ledger import whole_lines

SETTINGS = "study.yaml"
WEIGHTS = "weights.txt"
LEDGER = "evaluations.jsonl"
JOURNAL = "journal.log"
RESULT = "result.json"


def check_settings(run: Path, settings: Mapping[str, object], weights: str) -> None:
    """Compares with what `run` was made with, if anything was measured there; `ValueError` names what differs."""
    path = run / SETTINGS
    if not ((run / RESULT).exists() or whole_lines(run / LEDGER)):
        return
    if not path.exists():
        raise ValueError(f"{run} holds results, but no {SETTINGS} that says what made them; choose another directory with --out")
    made: dict[str, object] = {**yaml.safe_load(path.read_text()), "weights": (run / WEIGHTS).read_text()}
    settings = {**settings, "weights": weights}
    differing = [name for name in {**made, **settings} if name not in HOW and made.get(name) != settings.get(name)]
    if differing:
        changes = "; ".join(f"{name}: {made.get(name)!r} then, {settings.get(name)!r} now" for name in differing)
        raise ValueError(f"{run} was made with other settings ({changes}); choose another directory with --out")


def keep_settings(run: Path, settings: Mapping[str, object], weights: str) -> None:
    """Writes down what `run` is made with: before its first evaluation is kept, and not before there is one."""
    path = run / SETTINGS
    (run / WEIGHTS).write_text(weights)
    partial = path.with_suffix(".partial")
    partial.write_text(yaml.safe_dump(dict(settings), sort_keys=False))
    partial.replace(path)


def study_name(run: Path, name: str, method: str, budget: float) -> str:
    """Of an Optuna study; runs of one name in several directories may share a storage, so it tells directories apart."""
    place = hashlib.sha256(str(run.resolve()).encode()).hexdigest()[:8]
    return f"{name}-{place}/{method}@{budget:g}"


def open_storage(run: Path, url: str | None) -> BaseStorage:
    """A journal in the run's directory, or the database at `url`; `ValueError` if that cannot be opened."""
    if url is None:
        return JournalStorage(_journal(run / JOURNAL))
    try:
        return RDBStorage(url)
    except Exception as error:  # SQLAlchemy and its drivers raise what they like
        raise ValueError(f"storage {url!r} cannot be opened: {error}; e.g. sqlite:///study.db would be accepted") from error


def _journal(path: Path) -> JournalFileBackend:
    """Without what a killed process left: a torn last line, or Optuna's lock, which nobody else can hold while `run` is locked."""
    whole_lines(path)
    path.with_name(path.name + ".lock").unlink(missing_ok=True)
    return JournalFileBackend(str(path))


def open_study(storage: BaseStorage, name: str, settings: str) -> optuna.Study:
    """Creates or resumes a study; trials that a killed process left unfinished fail, and their turn comes again.

    `ValueError` if a shared storage has a study of this name that was made with other `settings`.
    """
    study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    if study.user_attrs.setdefault("settings", settings) != settings:
        raise ValueError(f"the storage has a study {name!r} made with other settings; another name or --storage would be accepted")
    study.set_user_attr("settings", settings)
    while study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        study.ask()
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    return study
