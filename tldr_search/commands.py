"""What the command line does, as typed functions; each returns plain data, as `--json` prints it. Heavy imports stay inside."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing, nullcontext, suppress
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from tldr_search import identity
from tldr_search.backbones.architectures import architecture
from tldr_search.cost import COUNTED, CostModel
from tldr_search.lock import locked
from tldr_search.names import near
from tldr_search.preflight import check_hardware, make_writable
from tldr_search.reducers import METHODS, NONE, Method, get_method
from tldr_search.schedule import Geometry, Schedule, transfer

if TYPE_CHECKING:
    from tldr_search.config import AnswerConfig, EvaluateConfig, StudyConfig
    from tldr_search.config.reduced import ReducedSettings
    from tldr_search.cost.profile import Profile
    from tldr_search.data.benchmarks.split import Split
    from tldr_search.evaluate import Evaluator, World
    from tldr_search.scores import Evaluation, Request
    from tldr_search.study.progress import Progress
    from tldr_search.study.result import Result

Row = dict[str, Any]


class Reranked(NamedTuple):
    """What `bench --re-ranking` ranks."""

    videos: int = 12
    texts: int = 12
    k_test: int = 6
    frames: int = 2
    """If no other number is asked for."""


RERANKED = Reranked()


def flops(model: str, method: str = "none", schedule: Schedule = (), frames: int | None = None, verify: bool = False) -> Row:
    """What a schedule costs, layer by layer; with `verify` counted by fvcore on the module itself, too."""
    arch = architecture(model) if frames is None else architecture(model, frames=frames)
    count = CostModel(arch, _method(method, schedule))
    cost = count(schedule)
    row: Row = {
        "model": model,
        "frames": arch.frames,
        "method": count.method.spec,
        "schedule": list(count.method.full(schedule, count.geometry)),
        "tokens": list(cost.tokens),
        "counted_in": _unit(count.geometry),
        "gflops": cost.gflops,
        "base_gflops": count.base,
        "layers": [{**layer._asdict(), "macs": layer.macs} for layer in cost.layers],
        "patch_embed_macs": cost.patch_embed,
        "tail_macs": cost.tail,
    }
    if verify:
        from tldr_search.backbones.fvcore_count import count_macs

        counted = count_macs(arch, count.method, schedule)
        row |= {"fvcore_gflops": counted / 1e9, "equal": counted == cost.macs}
    return row


def _method(spec: str, schedule: Schedule) -> Method:
    """`ValueError` if there is a schedule, but nothing that follows it."""
    method = get_method(spec)
    if method == NONE and any(schedule):
        raise ValueError(f"schedule {','.join(map(str, schedule))} without a method; --method {', '.join(METHODS)} would be accepted")
    return method


def _unit(geometry: Geometry) -> str:
    """What r and token counts count."""
    if geometry.sequences > 1:
        return f"tokens of each of {geometry.sequences} frames, which are encoded apart"
    return "cells, what becomes one token of the last stage" if geometry.between_stages else "tokens of the clip"


def bench(
    model: str,
    method: str = "none",
    schedule: Schedule = (),
    frames: int | None = None,
    precision: str = "fp32",
    batch_size: int = 1,
    turns: int = 5,
    hugging_face: bool = False,
) -> Row:
    """Speed and memory of a schedule, paired with those of the unreduced model."""
    for name, value in (("batch-size", batch_size), ("turns", turns)):
        if value < 1:
            raise ValueError(f"--{name} {value}; a whole number from 1 would be accepted")
    arch = architecture(model) if frames is None else architecture(model, frames=frames)
    chosen = _method(method, schedule)
    cost = CostModel(arch, chosen)
    reduced = schedule if any(chosen.removed(schedule, arch.geometry)) else ()
    from tldr_search import bench as measure

    if precision not in measure.PRECISIONS:
        raise ValueError(f"--precision {precision!r}; {near(precision, measure.PRECISIONS)}")
    check_hardware(precision)
    setting = measure.Setting(arch, precision, batch_size)
    timings = measure.compare(setting, chosen, reduced, turns, hugging_face)
    return {
        "model": model,
        "frames": arch.frames,
        "image_size": arch.image_size,
        "method": chosen.spec,
        "schedule": list(chosen.full(schedule, arch.geometry)),
        "device": setting.device.type,
        "precision": precision,
        "batch_size": batch_size,
        "turns": turns,
        "rows": [
            {
                "name": timing.name,
                "gflops": gflops,
                "ms": 1000 * median(timing.seconds),
                "clips_per_second": batch_size / median(timing.seconds),
                "peak_mib": timing.peak_mib,
                "speed_up": measure.speed_up(timing, timings[0]),
                "gflops_ratio": cost.base / gflops,
            }
            for timing in timings
            for gflops in [cost(reduced).gflops if timing.name == chosen.spec and reduced else cost.base]
        ],
    }


def bench_reranking(model: str, frames: int | None = None, turns: int = 5) -> Row:
    """How much faster re-ranking is than looking at every pair by itself, on a few random videos and texts."""
    if turns < 1:
        raise ValueError(f"--turns {turns}; a whole number from 1 would be accepted")
    arch = architecture(model, frames=frames or RERANKED.frames)
    from tldr_search import bench_reranking as measure

    found = measure.compare(arch, RERANKED.videos, RERANKED.texts, RERANKED.k_test, turns)
    return {
        "model": model,
        **RERANKED._asdict(),
        "frames": arch.frames,
        "turns": turns,
        "rows": [
            {"name": row.name, "pairs": pairs, "ms": 1000 * median(row.seconds)}
            for row, pairs in zip(found.rows, found.num_pairs, strict=True)
        ],
        "speed_up": median(b / a for a, b in zip(*(row.seconds for row in found.rows), strict=True)),
        "difference": found.difference,
    }


def evaluate(config: EvaluateConfig, command: str = "") -> Row | None:
    """Measures one schedule on one split and leaves a result card in `config.directory`; None on every rank but the first.

    What an interrupted evaluation finished is not computed again. `ValueError` if the directory has the result of another evaluation.
    """
    from tldr_search.evaluate import Evaluator, launched
    from tldr_search.tasks.ranks import SharedError

    world = launched(config.devices, config.num_nodes)
    check_hardware(config.precision, world.devices)
    evaluator = Evaluator(config, world, bar=True)
    with locked(make_writable(config.directory)) if evaluator.is_first else nullcontext(), evaluator.together():
        try:
            return _evaluate(config, evaluator, world, command)
        except SharedError:
            if evaluator.is_first:
                raise
            return None  # the first rank tells it
        finally:
            if evaluator.is_first:
                (config.directory / "lock").unlink(missing_ok=True)
                with suppress(OSError):
                    config.directory.rmdir()  # if nothing came of it


def tell_ranks(error: ValueError) -> None:
    """Where others started this process and its like, they learn of a mistake in the settings."""
    if any(name in os.environ for name in ("TORCHELASTIC_RUN_ID", "SLURM_NTASKS")):
        from tldr_search.evaluate import tell_ranks as tell

        tell(error)


def _evaluate(config: EvaluateConfig, evaluator: Evaluator, world: World, command: str) -> Row | None:
    from tldr_search import card

    cost, evaluated = _reduction(config)
    split = evaluator.annotated(config.measured_split)
    name = identity.of_evaluation(config, split, evaluated)
    card.check_place(config.directory, name)
    kept = config.directory / "unfinished" / name
    found = evaluator.measure(cost.method.spec, evaluated, config.measured_split, kept)
    if evaluator.is_first:
        row = card.make(config, split, found, cost, evaluated, world, command) | {"identity": name}
        paths = card.write(row, found, config.directory)
    if evaluator.is_first_of_node:
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):  # another evaluation's unfinished batches, or another node that was faster
            kept.parent.rmdir()
    return {**row, "files": [str(path) for path in paths]} if evaluator.is_first else None


def answer(config: AnswerConfig, video: Path) -> Row:
    """What the model says of one video, the best first."""
    from tldr_search.answer import answer as ask

    check_hardware(config.precision)
    cost, evaluated = _reduction(config)
    found = ask(config, video, cost.method.spec, evaluated)
    return {
        "video": str(video),
        "model": config.model,
        "cost_model": config.costs,
        "method": cost.method.spec,
        "schedule": list(cost.method.full(config.r, cost.geometry)),
        "gflops": cost(config.r).gflops,
        "protocol": config.cut.protocol,
        "kind": config.measures,
        "answers": [entry._asdict() for entry in found],
    }


def _reduction(config: ReducedSettings) -> tuple[CostModel, Schedule]:
    """What is counted, and the schedule in the counts of the model that runs."""
    method, counted = get_method(config.method), config.counted
    cost = CostModel(counted, method)
    reduces = any(method.removed(config.r, counted.geometry))
    return cost, transfer(config.r, method, counted.geometry, config.evaluated.geometry) if reduces else ()


def study(config: StudyConfig, command: str = "", progress: Progress | None = None) -> tuple[Result, tuple[Path, ...]]:
    """Searches, or goes on searching; the result, and the files of the report in the directory of the run, the page first."""
    from tldr_search.study.directory import RESULT
    from tldr_search.study.run import run_study
    from tldr_search.study.storage import public
    from tldr_search.study.workers import visible_gpus

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
    return found, _write(found, config.directory)


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


def report(run: Path, out: Path | None = None) -> tuple[Result, tuple[Path, ...]]:
    """Writes the report of a finished run again, into its own directory or into `out`."""
    from tldr_search.study.directory import RESULT
    from tldr_search.study.result import load

    path = run / RESULT
    if not path.is_file():
        raise ValueError(f"run {str(run)!r} holds no {RESULT}; the directory of a finished study would be accepted")
    found = load(path)
    return found, _write(found, out or run)


def _write(found: Result, directory: Path) -> tuple[Path, ...]:
    from tldr_search.report import write_report

    counted = architecture(found.cost_model).geometry
    at_budget = [p for p in found.winners if p.budget == found.budget]
    removed = {p.method: get_method(p.method).removed(p.schedule, counted) for p in at_budget}
    return write_report(found, directory, removed=removed, num_tokens=counted.num_tokens)


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
