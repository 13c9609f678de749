"""What the command line does, as typed functions; each returns plain data, as `--json` prints it. Heavy imports stay inside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tldr_search.backbones.architectures import ARCHITECTURES, PACKAGED, RANDOM, architecture
from tldr_search.backbones.hub_id import is_hub_id
from tldr_search.cost import CostModel
from tldr_search.names import near
from tldr_search.reducers import METHODS, NONE, Method, get_method
from tldr_search.schedule import Geometry, Schedule, transfer

if TYPE_CHECKING:
    from tldr_search.config import EvaluateConfig, StudyConfig
    from tldr_search.scores import Evaluation
    from tldr_search.study.progress import Progress
    from tldr_search.study.result import Result

Row = dict[str, Any]


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
    _check_hardware(precision)
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


def list_models() -> list[Row]:
    """Every architecture with what a clip costs unreduced."""
    return [
        {
            "model": arch.name,
            "family": arch.family,
            "dim": arch.dim,
            "depth": arch.geometry.depth,
            "frames": arch.frames,
            "image_size": arch.image_size,
            "patches": arch.num_patches,
            "gflops": CostModel(arch).base,
        }
        for arch in ARCHITECTURES.values()
    ]


def list_methods() -> list[Row]:
    """Every method with its options, where it is ours, and where it does not run."""
    return [
        {
            "method": m.name,
            "removes": "merges" if m.merges else "prunes",
            "acts": "after the MLP of three blocks" if m.after_mlp else "after the attention of any layer",
            "what": m.title,
            "source": m.source,
            "ours": m.ours,
            "refused": _refusals(m),
            "options": {o.name: {"default": o.default, "choices": list(o.choices), "meaning": o.meaning} for o in m.options},
        }
        for m in METHODS.values()
    ]


def _refusals(method: Method) -> dict[str, str]:
    """Family -> why the method does not run on its models."""
    reasons = {}
    for arch in ARCHITECTURES.values():
        try:
            method.acting_layers(arch.geometry)
        except ValueError as error:
            reasons[arch.family] = str(error)
    return reasons


def list_benchmarks() -> list[Row]:
    """Every benchmark with its splits."""
    from tldr_search.data.benchmarks import BENCHMARKS

    return [{"benchmark": b.name, "tasks": list(b.tasks), "splits": list(b.splits), "what": b.title} for b in BENCHMARKS.values()]


def list_schedules() -> list[Row]:
    """Every published cost: the schedule behind it, what we count for it, and the accuracies printed beside it."""
    from tldr_search.published import PUBLISHED, RESULTS, leading

    return [
        {
            "name": p.name,
            "method": p.method,
            "model": p.model,
            "benchmark": p.benchmark,
            "variant": p.variant,
            "frames": p.frames,
            "overrides": dict(p.overrides),
            "schedule": list(p.schedule),
            "printed_gflops": p.gflops,
            "printed": p.printed,
            "counted_gflops": CostModel(architecture(p.model, **p.fields), p.method)(p.schedule).gflops if p.countable else None,
            "status": p.status,
            "leading": leading(p),
            "results": [{**r.metrics, "source": r.source, "note": r.note} for r in RESULTS if r.belongs_to(p)],
            "source": p.source,
            "note": p.note,
        }
        for p in PUBLISHED
    ]


LISTS = {"models": list_models, "methods": list_methods, "benchmarks": list_benchmarks, "schedules": list_schedules}


def list_(what: str) -> list[Row]:
    """The rows of one of the tables."""
    if what not in LISTS:
        raise ValueError(f"cannot list {what!r}; {near(what, LISTS)}")
    return LISTS[what]()


def evaluate(config: EvaluateConfig) -> Row | None:
    """Measures one schedule on one split; None on every rank but the first, where several devices take part."""
    _check_hardware(config.precision, config.devices)
    from tldr_search.evaluate import Evaluator, Hardware
    from tldr_search.scores import bootstrap_interval, standard_error

    method, counted, arch = get_method(config.method), architecture(config.costs), architecture(config.model)
    cost = CostModel(counted, method)(config.r)
    evaluated = transfer(config.r, method, counted.geometry, arch.geometry) if cost.tokens[-1] < cost.tokens[0] else ()
    hardware = Hardware(config.devices, config.num_nodes, precision=config.precision, batch_size=config.batch_size)
    evaluator = Evaluator(config.model, config.checkpoint, config.benchmark, config.objective, hardware)
    found = evaluator(method.spec, evaluated, config.split)
    if not evaluator.trainer.is_global_zero:
        return None
    return {
        "model": config.model,
        "cost_model": config.costs,
        "benchmark": config.benchmark,
        "split": config.split,
        "method": method.spec,
        "schedule": list(method.full(config.r, counted.geometry)),
        "evaluated": list(evaluated),
        "gflops": cost.gflops,
        "metrics": dict(found.metrics),
        "objective": found.objective,
        "score": found.score,
        "stderr": standard_error(found.outcomes),
        "ci95": list(bootstrap_interval(found.outcomes)),
        "num_samples": len(found.outcomes),
        "excluded": [],  # an unreadable video ends the run
        "seconds": found.seconds,
        "sample_ids": list(found.sample_ids),
        "outcomes": list(found.outcomes),
    }


def study(config: StudyConfig, command: str = "", progress: Progress | None = None) -> tuple[Result, tuple[Path, ...]]:
    """Searches, or goes on searching; the result, and the files of the report in the directory of the run, the page first."""
    from tldr_search.study.directory import RESULT
    from tldr_search.study.run import run_study

    if not (config.directory / RESULT).is_file():  # a finished run is only read
        _check_hardware(config.precision)
    found = run_study(config, _evaluator(config), weights=_identity(config), command=command, progress=progress)
    return found, _write(found, config.directory)


def study_summary(found: Result, run: Path) -> Row:
    """What `study --json` prints."""
    from tldr_search.report.rows import at_budget, rows
    from tldr_search.report.tables import record

    table = rows(found)
    return {
        "run": str(run),
        "budget_gflops": found.budget,
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


def _evaluator(config: StudyConfig) -> Callable[[str, Schedule, str], Evaluation]:
    """Loads what it needs when it is first called: a finished run needs nothing."""
    loaded: list[Callable[[str, Schedule, str], Evaluation]] = []

    def measure(method: str, schedule: Schedule, split: str) -> Evaluation:
        if not loaded:
            from tldr_search.evaluate import Evaluator, Hardware

            hardware = Hardware(precision=config.precision, batch_size=config.batch_size)
            loaded.append(Evaluator(config.model, config.checkpoint, config.benchmark, config.objective, hardware))
        return loaded[0](method, schedule, split)

    return measure


def _check_hardware(precision: str, devices: int = 1) -> None:
    """`ValueError` for what the Trainer would replace or refuse; imports torch only where there is something to ask."""
    if precision != "fp16" and devices == 1:
        return
    import torch

    if torch.cuda.is_available():
        kind, there = "GPUs", torch.cuda.device_count()
    elif torch.backends.mps.is_available():
        kind, there = "MPS devices", 1
    elif precision == "fp16":
        raise ValueError("precision: fp16 needs a GPU, and there is none here; fp32 or bf16 would be accepted")
    else:
        return  # processes on the CPU, as many as one likes
    if devices > there:
        raise ValueError(f"devices: {devices}, but there are {there} {kind} here; a whole number from 1 to {there} would be accepted")


def _identity(config: StudyConfig) -> str:
    """Which weights, annotations and version a run is made with, so that it is not resumed with others."""
    import tldr_search
    from tldr_search.data.benchmarks import BENCHMARKS

    weights = _weights(config.model, config.checkpoint)
    read = BENCHMARKS[config.benchmark].read
    samples = [[(s.name, s.captions, s.label) for s in read(split)] for split in (config.search_split, config.report_split)]
    annotations = hashlib.sha256(repr(samples).encode()).hexdigest()[:16]
    return f"weights {weights}, annotations {annotations}, tldr_search {tldr_search.__version__}"


def _weights(model: str, checkpoint: str | None) -> str:
    """What tells weights from others: a digest of the file, or of the files in a directory."""
    if checkpoint is None:
        with as_file(files("tldr_search.demo") / PACKAGED[model]) as path:
            return _digest(path)
    if checkpoint == RANDOM:
        return RANDOM
    path = Path(checkpoint)
    if not path.exists() and is_hub_id(checkpoint):
        from tldr_search.backbones.checkpoints.hub import download

        path = download(checkpoint)
    if not path.is_dir():
        return _digest(path)
    parts = [f"{file.name} {_digest(file)}" for file in sorted(path.iterdir()) if file.suffix in (".json", ".safetensors", ".bin")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
