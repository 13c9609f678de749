"""Measures what a design says, one variant after the other; what is finished is kept at once, and an interrupted ablation goes on."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from pathlib import Path

import optuna

import tldr_search
from tldr_search import config as configs
from tldr_search.ablation.design import Design, Variant
from tldr_search.ablation.result import RESULT, AblationResult, Measured, save
from tldr_search.config.ablation import INFORMATIVENESS, SHAPE, WHERE, AblationConfig
from tldr_search.cost import CostModel
from tldr_search.lock import locked
from tldr_search.made_with import changes, stamp
from tldr_search.reducers import get_method
from tldr_search.scores import Measure, Request, in_order
from tldr_search.study.budget import OnBudget
from tldr_search.study.claims import Claims
from tldr_search.study.directory import PLACES, read_settings, tidied, write_settings
from tldr_search.study.directory import RESULT as STUDY_RESULT
from tldr_search.study.directory import SETTINGS as STUDY_SETTINGS
from tldr_search.study.measurements import Measurements, Wanted
from tldr_search.study.progress import Progress, Status, seconds_left
from tldr_search.study.search import point
from tldr_search.study.storage import JOURNAL, join, open_storage

SETTINGS = "settings.yaml"
PREFIX = "ablation"
POLL = 0.5
"""Seconds between looks at an evaluation whose process has died, until its claim counts as lost."""


def run_ablation(
    config: AblationConfig, planned: Design, measure: Measure, identity: Mapping[str, str], command: str, progress: Progress
) -> AblationResult:
    """Measures, or goes on measuring, and writes the result into `config.directory`.

    `identity` says which weights and data `measure` uses. `ValueError` if the directory has the ablation of other settings.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    run = config.directory
    deciding = {name: value for name, value in configs.to_mapping(config).items() if name not in PLACES} | dict(identity)
    try:
        with locked(run), tidied(run, JOURNAL, SETTINGS):
            _check(run / SETTINGS, deciding)
            for line in planned.left_out:
                progress.say(f"left out: {line}")
            root = join(open_storage(run, None, progress.say), PREFIX, deciding)
            write_settings(run / SETTINGS, deciding)
            measurements = Measurements(Claims(root, stamp=stamp(deciding)), measure)
            _measure_all(config, planned, measurements, progress)
            result = _result(config, planned, measurements, command)
            save(result, run / RESULT)
            return result
    except (KeyboardInterrupt, SystemExit):
        progress.say("stopped; every finished evaluation is kept, and the same command goes on from there")
        raise
    finally:
        progress.close()


def _check(path: Path, deciding: Mapping[str, object]) -> None:
    """`ValueError` names what differs from the settings of the ablation that is there."""
    if not path.exists():
        if (path.parent / STUDY_RESULT).exists() or (path.parent / STUDY_SETTINGS).exists():
            raise ValueError(f"{path.parent} is the directory of a study; another directory with --out would be accepted")
        return
    if differ := changes(read_settings(path), deciding):
        raise ValueError(f"{path.parent} was made with other settings ({differ}); another directory with --out would be accepted")


def _measure_all(config: AblationConfig, planned: Design, measurements: Measurements, progress: Progress) -> None:
    """Those that begin alike on end: they share their first layers."""
    by_request = {w.request: w for w in (base(config), *(wanted(config, v) for v in planned.variants))}
    unreduced = base(config).request
    ordered = [by_request[unreduced], *(by_request[r] for r in in_order(r for r in by_request if r != unreduced))]
    while True:
        found = {w.key: measurements.find(w) for w in ordered}
        done = [w.effort._replace(seconds=made.seconds) for w in ordered if (made := found[w.key])]
        to_come = [w.effort for w in ordered if not found[w.key]]
        progress.update(Status(len(done), len(ordered), None, seconds_left(done, to_come)))
        if not to_come:
            return
        if not measurements.take(ordered):
            time.sleep(POLL)


def base(config: AblationConfig) -> Wanted:
    """The unreduced model."""
    gflops = CostModel(config.counted).base
    return Wanted(Request("none", (), config.measured_split, config.objective), {"origin": "base"}, gflops)


def wanted(config: AblationConfig, variant: Variant) -> Wanted:
    """The evaluation of a variant."""
    request = Request(variant.method, variant.on_budget.evaluated, config.measured_split, config.objective)
    return Wanted(request, {"origin": name(variant), **variant.on_budget._asdict()}, variant.on_budget.gflops)


def name(variant: Variant) -> str:
    """E.g. `saliency-pruning, 3`."""
    return f"{variant.line}, {variant.place}"


def _result(config: AblationConfig, planned: Design, measurements: Measurements, command: str) -> AblationResult:
    gflops = CostModel(config.counted).base
    unreduced = point("none", OnBudget((), (), gflops, gflops), gflops, "base", measurements.get(base(config)))
    measured = tuple(
        Measured(v.line, v.place, point(v.method, v.on_budget, v.on_budget.gflops, name(v), measurements.get(wanted(config, v))))
        for v in planned.variants
    )
    return AblationResult(
        what=config.what,
        model=config.model,
        cost_model=config.costs,
        benchmark=config.benchmark,
        task=config.measures,
        split=config.measured_split,
        objective=config.objective,
        asked=_asked(config, planned),
        base=unreduced,
        variants=measured,
        left_out=planned.left_out,
        command=command,
        seconds=unreduced.seconds + sum(v.point.seconds for v in measured),
        versions={"python": platform.python_version(), "tldr_search": tldr_search.__version__, "optuna": optuna.__version__},
    )


def _asked(config: AblationConfig, planned: Design) -> str:
    """What the variants have in common."""
    if config.what == SHAPE:
        return f"schedules of {config.budget_gflops:.1f} GFLOPs at most"
    if config.what == INFORMATIVENESS:
        schedule = planned.variants[0].on_budget.schedule
        last = max(slot for slot, r in enumerate(schedule) if r)
        return f"schedule {','.join(map(str, schedule[: last + 1]))}"
    assert config.what == WHERE
    geometry = config.counted.geometry
    removed = sorted({sum(get_method(v.method).removed(v.on_budget.schedule, geometry)) for v in planned.variants})
    tokens = "cells" if geometry.between_stages else "tokens of each frame" if geometry.sequences > 1 else "tokens"
    return f"{' to '.join(map(str, dict.fromkeys((removed[0], removed[-1]))))} of {geometry.num_tokens} {tokens} leave one layer"
