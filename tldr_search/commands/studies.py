"""Searching, and what a search would do."""

from __future__ import annotations

import sys
from contextlib import closing
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from tldr_search import identity
from tldr_search.commands.reports import write
from tldr_search.commands.row import Row
from tldr_search.commands.visualizations import look
from tldr_search.cost import COUNTED
from tldr_search.preflight import check_hardware

if TYPE_CHECKING:
    from tldr_search.config import StudyConfig
    from tldr_search.cost.profile import Profile
    from tldr_search.data.benchmarks.split import Split
    from tldr_search.evaluate import Evaluator
    from tldr_search.scores import Evaluation, Request
    from tldr_search.study.progress import Progress
    from tldr_search.study.result import Result


def study(config: StudyConfig, command: str = "", progress: Progress | None = None) -> tuple[Result, tuple[Path, ...]]:
    """Searches, or goes on searching; the result, and the files of the report in the directory of the run, the page first."""
    from tldr_search.report import check_places
    from tldr_search.study.directory import RESULT
    from tldr_search.study.run import run_study
    from tldr_search.study.storage import public
    from tldr_search.study.workers import visible_gpus

    check_places(config.directory)
    splits = _splits(config, refuse=not (config.directory / RESULT).is_file())  # a finished run is only read
    with closing(Evaluations(config)) as measure:
        found = run_study(
            config,
            measure,
            identity=identity.by_name(config, splits),
            command=command.replace(config.storage, public(config.storage)) if config.storage else command,
            progress=progress,
            workers=config.workers or max(len(visible_gpus()), 1),
            profile=partial(_profile, config),
            same_split=bool(identity.shared_videos(splits)),
        )
    look(config, found)
    return found, write(found, config.directory)


def dry_run(config: StudyConfig) -> Row:
    """What a study would do: what is in reach, how many schedules there are, how long it takes (a small part is timed)."""
    from tldr_search.study import plan
    from tldr_search.study.grounds import grounds

    num_videos = {name: len(split.videos) for name, split in zip(config.splits, _splits(config, refuse=True), strict=True)}
    measured = None if config.unit == COUNTED else _profile(config)
    with closing(Evaluations(config)) as measure:
        speed = plan.speed(config, measure, num_videos)
    return plan.record(plan.plan(config, grounds(config, measured), speed), _told(measured) if measured else None)


def _splits(config: StudyConfig, *, refuse: bool) -> list[Split]:
    """The annotations of both; `refuse`: `ValueError` for what makes a study impossible, or its report untrue."""
    from tldr_search.data.benchmarks import BENCHMARKS

    splits = [BENCHMARKS[config.benchmark].reader(config.source(split)) for split in config.splits]
    if refuse:
        check_hardware(config.precision)
        if not config.allow_same_split:
            identity.check_apart(config, splits)
    return splits


def _profile(config: StudyConfig) -> Profile:
    from tldr_search.latency import measure_profile

    print(f"measuring what layers take here, for {config.budget} ...", file=sys.stderr)
    profile = measure_profile(config)
    print(_told(profile), file=sys.stderr)
    return profile


def _told(profile: Profile) -> str:
    from tldr_search.latency import as_told

    return as_told(profile)


def study_summary(found: Result, run: Path) -> Row:
    """What `study --json` prints."""
    from tldr_search.report.rows import at_budget, rows
    from tldr_search.report.tables import record

    table = rows(found)
    return {
        "run": str(run),
        "unit": found.unit,
        f"budget_{found.unit}": found.budget,
        "model": found.model,
        "cost_model": found.cost_model,
        "base": record(table[0]),
        "best": {row.point.method: record(row) for row in at_budget(table, found.budget)},
        "front": [record(row) for row in table if row.on_front],
        "num_trials": len(found.trials),
        "seconds": found.seconds,
    }


class Evaluations:
    """What a study measures with; loads what it needs when it is first called, in each process of its own."""

    def __init__(self, config: StudyConfig) -> None:
        self._config = config

    def __call__(self, request: Request) -> Evaluation:
        """As `tldr_search.evaluate.Evaluator` does."""
        return self._evaluator(request)

    def close(self) -> None:
        """Ends what was started."""
        if "_evaluator" in self.__dict__:
            self._evaluator.close()

    def __reduce__(self) -> tuple[type[Evaluations], tuple[StudyConfig]]:
        return Evaluations, (self._config,)

    @cached_property
    def _evaluator(self) -> Evaluator:
        from tldr_search.evaluate import Evaluator

        return Evaluator(self._config, seed=self._config.seed)
