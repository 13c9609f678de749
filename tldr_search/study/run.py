"""A whole study: create, join or resume a run, do its work until nothing is left, write its result.

Any number of workers do the same, in this process, in others, on other machines: each takes the next piece of work that nobody has. What
comes next follows from what is in the storage, so resuming is nothing special.
"""

from __future__ import annotations

import platform
import shlex
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

import optuna

import tldr_search
from tldr_search import config as configs
from tldr_search.config import StudyConfig
from tldr_search.cost import COUNTED
from tldr_search.cost.profile import Profile
from tldr_search.lock import locked
from tldr_search.made_with import stamp
from tldr_search.scores import Measure
from tldr_search.study import directory, result, summary
from tldr_search.study.claims import Claims
from tldr_search.study.grounds import grounds, shared_profile
from tldr_search.study.progress import Progress, Silent
from tldr_search.study.result import Result
from tldr_search.study.storage import JOURNAL, join, open_storage, open_study, public
from tldr_search.study.work import Work
from tldr_search.study.workers import Workers

PACKAGES = ("optuna", "numpy", "torch", "lightning")
POLL = 0.5
"""Seconds between looks at what others do."""


def run_study(
    config: StudyConfig,
    measure: Measure,
    *,
    identity: Mapping[str, str] | None = None,
    command: str = "",
    progress: Progress | None = None,
    workers: int = 1,
    profile: Callable[[], Profile] | None = None,
    same_split: bool = False,
) -> Result:
    """Searches, or goes on searching, as `config` says; a run that is finished is only read.

    `measure(request)` is called for what nobody has measured before: here or, with several workers, in as many other processes, for which
    it must be picklable. `identity` says which weights and data it uses, by name, so that a run never goes on with others. `ValueError`
    for what the user can put right. `profile()` measures what schedules cost on this device, where the budget is in ms or MiB; once for a
    study. `same_split`: the splits have videos in common, which the report will say.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    run, shown, named = config.directory, progress or Silent(), identity or {}
    settings = {name: value for name, value in configs.to_mapping(config).items() if name != "out"}
    settings["storage"] = config.storage and public(config.storage)
    command = command or default_command(config)
    path = run / directory.RESULT
    try:
        with locked(run), directory.tidied(run, *([] if config.storage else [JOURNAL])):
            directory.check_settings(run, settings, named)
            if not path.exists():
                work = begin(config, measure, named, shown.say, profile)
                directory.keep_settings(run, settings, named)
                _do(work, config, named, shown, workers)
                result.save(summary.result(work, command, _versions(), same_split), path)
            return result.load(path)
    except (KeyboardInterrupt, SystemExit):
        shown.say(f"stopped; every finished evaluation is kept, and the same command resumes: {command}")
        raise
    finally:
        shown.close()


def default_command(config: StudyConfig) -> str:
    """What resumes the study from the settings that its run keeps, or with another --out repeats it."""
    run = config.directory
    return f"python -m tldr_search study {shlex.quote(str(run / directory.SETTINGS))} --out {shlex.quote(str(run))}"


def begin(
    config: StudyConfig,
    measure: Measure,
    identity: Mapping[str, str],
    say: Callable[[str], None],
    profile: Callable[[], Profile] | None = None,
) -> Work:
    """Creates the study, or joins it; `ValueError` if what it holds was made with other settings, or the budget is out of reach."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    deciding = {name: value for name, value in configs.to_mapping(config).items() if name not in directory.PLACES} | dict(identity)
    store = open_storage(config.directory, config.storage, say)
    prefix = f"{config.name}-{config.budget}"
    root = join(store, prefix, deciding)
    found = None if config.unit == COUNTED else shared_profile(root, stamp(deciding), profile)
    return Work(config, grounds(config, found), lambda name: Claims(open_study(store, f"{prefix}/{name}"), stamp=stamp(deciding)), measure)


def _do(work: Work, config: StudyConfig, identity: Mapping[str, str], shown: Progress, workers: int) -> None:
    for line in summary.left_out(work):
        shown.say(line)
    shown.update(summary.status(work, workers))
    if workers == 1:
        _until_finished(work, lambda: shown.update(summary.status(work)))
    else:
        _with_others(work, Workers(workers, _one_of_several, (config, work.measure, identity), shown.say), shown, workers)
    for line in summary.endings(work):
        shown.say(line)


def _with_others(work: Work, crew: Workers, shown: Progress, workers: int) -> None:
    try:
        while not work.is_finished and not crew.have_ended:
            crew.check()
            time.sleep(POLL)
            shown.update(summary.status(work, workers))
        crew.check()
        _until_finished(work, lambda: shown.update(summary.status(work)))  # what may be left when all have ended
        shown.update(summary.status(work))
    finally:
        crew.stop()


def _one_of_several(config: StudyConfig, measure: Measure, identity: Mapping[str, str]) -> None:
    _until_finished(begin(config, measure, identity, lambda line: None), lambda: None)


def _until_finished(work: Work, show: Callable[[], None]) -> None:
    while not work.is_finished:
        if not work.step():
            time.sleep(POLL)  # for what others are at
        show()


def _versions() -> dict[str, str]:
    """Of Python and of what is installed of `PACKAGES`, without importing any of them."""
    versions = {"python": platform.python_version(), "tldr_search": tldr_search.__version__}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
