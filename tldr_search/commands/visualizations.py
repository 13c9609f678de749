"""What schedules remove, on the frames of clips; and what the unreduced model attends to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tldr_search.commands.row import Row
from tldr_search.cost import CostModel
from tldr_search.files import write_all
from tldr_search.mistakes import Failed
from tldr_search.preflight import check_hardware, check_writable, made

if TYPE_CHECKING:
    from tldr_search.config import StudyConfig, VisualizeConfig
    from tldr_search.insight.clips import Found
    from tldr_search.insight.record import Removal
    from tldr_search.insight.removal import Chosen
    from tldr_search.study.result import Result


def visualize(config: VisualizeConfig) -> Row:
    """Writes pictures and their numbers into `config.directory`: all, or nothing."""
    from tldr_search.study.directory import RESULT

    check_writable(config.directory)
    if (config.directory / RESULT).exists():
        raise ValueError(f"out: {config.directory} is the directory of a study; another one would be accepted")
    check_hardware(config.precision)
    schedules = [_chosen(config, method) for method in config.compared]
    with made(config.directory) as directory:
        seen = _seen(config, schedules)
        files = _files(seen, config.shown_layer, directory)
        write_all(files)
    return {
        "out": str(directory),
        "model": seen.model,
        "cost_model": seen.cost_model,
        "layer": config.shown_layer,
        "base_gflops": CostModel(config.counted).base,
        "tokens": seen.num_patches,
        "unit": seen.unit,
        "clips": [_row(seen, clip) for clip in range(len(seen.names))],
        "excluded": [{"video": name, "reason": reason} for name, reason in seen.excluded.items()],
        "files": [str(path) for path in files],
    }


def _seen(config: VisualizeConfig, schedules: Sequence[Chosen]) -> Removal:
    from tldr_search.backbones.checkpoints import load_backbone
    from tldr_search.insight.removal import removal

    found, arch = _clips(config), config.evaluated
    model = load_backbone(config.model, config.weights, frames=arch.frames, num_classes=arch.num_classes)
    return removal(config, model, found, len(config.video) or config.clips, schedules)


def _files(seen: Removal, layer: int, directory: Path) -> dict[Path, str | bytes]:
    """Path -> content, the numbers first."""
    from tldr_search.insight import record
    from tldr_search.report.removed import printed

    files: dict[Path, str | bytes] = {directory / record.FILE: record.content(seen)}
    for picture in printed(seen, layer):
        files |= {directory / f"{picture.name}.{kind}": content for kind, content in picture.files.items()}
    return files


def look(config: StudyConfig, found: Result) -> None:
    """Leaves what the winners at the budget remove from the first clips of the report split beside the result, unless it is there.

    A failure is told; the study's report is then written without it.
    """
    from tldr_search.insight import record

    path = config.directory / record.FILE
    if not config.shown_clips or _is_there(path, config, found):
        return
    try:
        record.save(_of_study(config, found), path)
    except (ValueError, OSError, RuntimeError, Failed) as error:
        reason = " ".join(str(error).split())
        print(f"the report does not show what was removed, because that could not be computed: {reason}", file=sys.stderr)


def _chosen(config: VisualizeConfig, method: str) -> Chosen:
    """The schedule of a method: as given, or a known shape on the budget."""
    from tldr_search.insight.removal import Chosen
    from tldr_search.study.budget import repair
    from tldr_search.study.ground import Ground
    from tldr_search.study.space import shape

    cost = CostModel(config.counted, method)
    if config.schedule:
        schedule, evaluated = config.reduced(method)
        return Chosen(cost.method.spec, schedule, evaluated, cost(schedule).gflops)
    ground = Ground(cost, config.evaluated.geometry)
    on_budget = repair(shape(config.shape_of(method), ground.method, ground.source), config.budget_gflops, ground)
    return Chosen(cost.method.spec, on_budget.schedule, on_budget.evaluated, on_budget.gflops)


def _clips(config: VisualizeConfig) -> Found:
    """`ValueError` for a video that was asked for and cannot be read, unless such are to be excluded."""
    from tldr_search.assembly import read_split
    from tldr_search.config.paths import expanded
    from tldr_search.data.benchmarks.split import Video
    from tldr_search.insight.clips import clips_of, first_clips

    if not config.video:
        return first_clips(config, read_split(config, config.shown_split), config.clips)
    found = clips_of(config, [Video(name, expanded(name)) for name in config.video])
    for name, reason in found.excluded.items():
        if config.on_bad_video == "fail":
            raise ValueError(f"video: {name} cannot be read ({reason}); another one, or --on-bad-video exclude, would be accepted")
    return found


def _row(seen: Removal, clip: int) -> Row:
    reductions = [
        {"method": r.method, "schedule": list(r.schedule), "tokens": r.tokens_left(clip), "gflops": r.gflops} for r in seen.reductions
    ]
    return {"video": seen.names[clip], "caption": seen.captions[clip], "reductions": reductions}


def _of_study(config: StudyConfig, found: Result) -> Removal:
    from tldr_search.assembly import load_model, read_split
    from tldr_search.backbones.families import VideoSide
    from tldr_search.insight.clips import first_clips
    from tldr_search.insight.removal import removal

    clips = first_clips(config, read_split(config, config.report_split), config.shown_clips)
    model = load_model(config)
    assert isinstance(model, VideoSide)
    return removal(config, model, clips, config.shown_clips, _winners(found))


def _winners(found: Result) -> Sequence[Chosen]:
    from tldr_search.insight.removal import Chosen
    from tldr_search.report.rows import at_budget, rows

    points = (row.point for row in at_budget(rows(found), found.budget))
    return [Chosen(point.method, point.schedule, point.evaluated, point.gflops) for point in points]


def _is_there(path: Path, config: StudyConfig, found: Result) -> bool:
    """Whether the file is of as many clips and of the winners; one that is damaged is written again."""
    from tldr_search.commands.reports import shows
    from tldr_search.insight.record import load

    if not path.is_file():
        return False
    try:
        seen = load(path)
    except ValueError:
        return False
    return seen.asked == config.shown_clips and shows(seen, found)
