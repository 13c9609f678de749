"""Reports of finished studies: of one, or of several in one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tldr_search.commands.row import Row
from tldr_search.preflight import check_writable, made

if TYPE_CHECKING:
    from tldr_search.ablation.result import AblationResult
    from tldr_search.bench import Timing
    from tldr_search.cost import CostModel
    from tldr_search.insight.record import Removal
    from tldr_search.report.several import Comparison, Run
    from tldr_search.report.speed import Speed, Timed
    from tldr_search.schedule import Schedule
    from tldr_search.study.result import Result

Kept = TypeVar("Kept")
NAMES = 48
"""Characters of the runs' names in the name of a directory."""


class Measuring(NamedTuple):
    """How speed is measured."""

    precision: str = "fp32"
    batch_size: int = 1
    turns: int = 5


def report(run: Path, out: Path | None = None, measuring: Measuring | None = None) -> tuple[Result, tuple[Path, ...]]:
    """Writes the report of a finished run again, into its own directory or into `out`; measures speed first, if it is said how."""
    from tldr_search.report import check_places, write_report
    from tldr_search.report.rows import at_budget, rows
    from tldr_search.report.speed import SPEED, save

    found, directory = read(run), out or run
    at_budget(rows(found), found.budget)  # what is wrong with it is told first
    check_places(directory)
    removal, kept = _removal(found, run), None if measuring else _speed(found, run)
    with made(directory):
        if measuring:
            check_writable(run)
            kept = speed(found, measuring)
            save(kept, run / SPEED)
        return found, write_report(found, directory, removal=removal, speed=kept)


def is_ablation(run: Path) -> bool:
    """Whether it is the directory of a finished ablation."""
    from tldr_search.ablation.result import RESULT as ABLATION
    from tldr_search.study.directory import RESULT

    return (run / ABLATION).is_file() and not (run / RESULT).is_file()


def report_ablation(run: Path, out: Path | None = None) -> tuple[AblationResult, tuple[Path, ...]]:
    """Writes table and plot of a finished ablation again, into its own directory or into `out`."""
    from tldr_search.report.ablation import rewrite

    with made(out or run):
        return rewrite(run, out)


def compare(runs: Sequence[Path], out: Path | None = None) -> tuple[Comparison, tuple[Path, ...]]:
    """One report of several finished runs, into `out`; their own reports stay as they are. The page first among the paths."""
    from tldr_search.report import several

    resolved = [run.resolve() for run in runs]
    for run, path in zip(runs, resolved, strict=True):
        if resolved.count(path) > 1:
            raise ValueError(f"run {str(run)!r} is named twice; every run once would be accepted")
    comparison = several.compare([_run(run, label) for run, label in zip(runs, _labels(resolved), strict=True)])
    with made(out or _directory(resolved)) as directory:
        return comparison, several.write_comparison(comparison, directory)


def comparison_summary(comparison: Comparison) -> Row:
    """What `report RUN RUN --json` prints."""
    from tldr_search.commands.studies import study_summary
    from tldr_search.report.several import panels_document

    return {"runs": [study_summary(run.result, run.path) for run in comparison.runs], "panels": panels_document(comparison)}


def read(run: Path) -> Result:
    """What a study found; `ValueError` where `run` holds no result, or a damaged one."""
    from tldr_search.study.directory import RESULT
    from tldr_search.study.result import load

    path = run / RESULT
    if not path.is_file():
        raise ValueError(f"run {str(run)!r} holds no {RESULT}; the directory of a finished study would be accepted")
    found = load(path)
    _check_counts(found, path)
    return found


def _check_counts(found: Result, path: Path) -> None:
    """`ValueError` if a winner's schedule is impossible for the cost model: somebody changed the file."""
    from tldr_search.backbones.architectures import architecture
    from tldr_search.reducers import METHODS, get_method

    try:
        geometry = architecture(found.cost_model, **dict(found.overrides)).geometry
        for point in found.winners:
            if point.method.split(":")[0] in METHODS:
                get_method(point.method).full(point.schedule, geometry)
    except ValueError as error:
        raise ValueError(f"{path}: {error} (cost_model {found.cost_model}); the file as the study wrote it would be accepted") from error


def write(found: Result, run: Path) -> tuple[Path, ...]:
    """Every file of the report of a study, the page first; with what `run` holds beside its result."""
    from tldr_search.report import write_report

    return write_report(found, run, removal=_removal(found, run), speed=_speed(found, run))


def speed(found: Result, measuring: Measuring) -> Speed:
    """Measures the unreduced cost model and the winners at the budget, with random weights, in turns on this machine."""
    import torch

    from tldr_search import bench
    from tldr_search.backbones.architectures import architecture
    from tldr_search.cost import CostModel
    from tldr_search.reducers import NONE, get_method
    from tldr_search.report.rows import same_rung
    from tldr_search.report.speed import Speed

    bench.check_options(*measuring)
    arch = architecture(found.cost_model, **dict(found.overrides))
    setting = bench.Setting(arch, measuring.precision, measuring.batch_size)
    winners = [(get_method(p.method), p.schedule) for p in found.winners if same_rung(p.budget, found.budget)]
    print(f"measuring {len(winners) + 1} models of {found.cost_model}, {measuring.turns} turns ...", file=sys.stderr)
    timings = bench.compare_all(setting, winners, measuring.turns)
    counted = [(method.spec, schedule, CostModel(arch, method)) for method, schedule in ((NONE, ()), *winners)]
    rows = tuple(_timed(*one, timing, timings[0], measuring.batch_size) for one, timing in zip(counted, timings, strict=True))
    device = bench.device_name(setting.device)
    return Speed(found.cost_model, dict(found.overrides), device, torch.__version__, *measuring, rows)


def _run(run: Path, label: str) -> Run:
    from tldr_search.report.several import Run
    from tldr_search.study.directory import made_with

    return Run(label, run, read(run), made_with(run))


def _labels(runs: Sequence[Path]) -> list[str]:
    """Names of their directories, with as much of the path in front as tells all apart."""
    for parts in range(1, max(len(run.parts) for run in runs)):
        labels = ["/".join(run.parts[-parts:]) for run in runs]
        if len(set(labels)) == len(labels):
            return labels
    return list(map(str, runs))


def _directory(runs: Sequence[Path]) -> Path:
    """`runs/comparison-a-b-1a2b3c4d`: by the names of the runs, and a digest of where they lie."""
    names = "-".join(run.name for run in runs)[:NAMES].rstrip("-.")
    digest = sha256("\n".join(map(str, runs)).encode()).hexdigest()[:8]
    return Path("runs") / f"comparison-{names}-{digest}"


def _timed(method: str, schedule: Schedule, cost: CostModel, timing: Timing, unreduced: Timing, batch_size: int) -> Timed:
    from tldr_search.bench import speed_up
    from tldr_search.report.speed import Timed

    gflops, seconds = cost(schedule).gflops, timing.seconds
    return Timed(
        method=method,
        schedule=tuple(schedule),
        gflops=gflops,
        gflops_ratio=cost.base / gflops,
        ms=1000 * median(seconds),
        ms_low=1000 * min(seconds),
        ms_high=1000 * max(seconds),
        clips_per_second=batch_size / median(seconds),
        peak_mib=timing.peak_mib,
        speed_up=speed_up(timing, unreduced),
    )


def _speed(found: Result, run: Path) -> Speed | None:
    """What was measured of these very schedules."""
    from tldr_search.report.speed import SPEED, fits, load

    return _kept(run / SPEED, load, lambda speed: fits(speed, found), "`report RUN --speed` measures again")


def shows(removal: Removal, found: Result) -> bool:
    """Whether it is of the winners at the budget, and of nothing else."""
    from tldr_search.report.rows import same_rung

    winners = {(p.method, p.schedule, p.evaluated) for p in found.winners if same_rung(p.budget, found.budget)}
    return winners == {(r.method, r.schedule, r.evaluated) for r in removal.reductions}


def _removal(found: Result, run: Path) -> Removal | None:
    """What these very schedules removed."""
    from tldr_search.insight.record import FILE, load

    return _kept(run / FILE, load, lambda removal: shows(removal, found), "the study's command makes it again")


def _kept(path: Path, load: Callable[[Path], Kept], fits: Callable[[Kept], bool], otherwise: str) -> Kept | None:
    """What was kept of the winners, if there is such a file; of other schedules it is not shown, and that is said."""
    if not path.is_file():
        return None
    kept = load(path)
    if fits(kept):
        return kept
    print(f"{path} is of other schedules than the winners and is not shown; {otherwise}", file=sys.stderr)
    return None
