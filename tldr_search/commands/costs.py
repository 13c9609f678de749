"""What schedules cost: counted, and measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from tldr_search.backbones.architecture import Architecture
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.chosen import following, settled
from tldr_search.commands.row import Row
from tldr_search.cost import CostModel
from tldr_search.reducers import Method
from tldr_search.schedule import Geometry, Schedule
from tldr_search.winners import Scheduled, read

if TYPE_CHECKING:
    from tldr_search.bench import Timing


class Reranked(NamedTuple):
    """What `bench --re-ranking` ranks."""

    videos: int = 12
    texts: int = 12
    k_test: int = 6
    frames: int = 2
    """If no other number is asked for."""


RERANKED = Reranked()


class Asked(NamedTuple):
    """What to count or to measure."""

    arch: Architecture
    method: Method
    schedule: Schedule


def flops(model: str | None, method: str = "none", schedule: Scheduled = (), frames: int | None = None, verify: bool = False) -> Row:
    """What a schedule costs, layer by layer; with `verify` counted by fvcore on the module itself, too.

    `schedule` may be the `best.yaml` of a study; `model` is then by default the one whose cost the study counted.
    """
    arch, chosen, r = _asked(model, method, schedule, frames)
    count = CostModel(arch, chosen)
    cost = count(r)
    row: Row = {
        "model": arch.name,
        "frames": arch.frames,
        "method": count.method.spec,
        "schedule": list(count.method.full(r, count.geometry)),
        "schedule_from": _file(schedule),
        "tokens": list(cost.tokens),
        "counted_in": _unit(count.geometry),
        "gflops": cost.gflops,
        "base_gflops": count.base,
        "layers": [{**layer._asdict(), "macs": layer.macs} for layer in cost.layers],
        "observation_macs": cost.observation,
        "patch_embed_macs": cost.patch_embed,
        "tail_macs": cost.tail,
    }
    if verify:
        from tldr_search.backbones.fvcore_count import count_macs

        counted = count_macs(arch, count.method, r)
        row |= {"fvcore_gflops": counted / 1e9, "equal": counted == cost.macs}
    return row


def _asked(model: str | None, method: str, schedule: Scheduled, frames: int | None) -> Asked:
    """`ValueError` if there is neither a model nor a file that names one, or if the file is for other models."""
    fields = {} if frames is None else {"frames": frames}
    if model is not None:
        arch = architecture(model, **fields)
    elif isinstance(schedule, str | Path):
        found = read(schedule)
        arch = architecture(found.cost_model, **{**found.overrides, **fields})
    else:
        raise ValueError("no MODEL; one of `list models`, or --schedule with the best.yaml of a study, would be accepted")
    chosen, r = settled(arch, method, schedule)
    return Asked(arch, following(chosen, r), r)


def _file(schedule: Scheduled) -> str | None:
    """The `best.yaml`, if it was one."""
    return str(schedule) if isinstance(schedule, str | Path) else None


def _unit(geometry: Geometry) -> str:
    """What r and token counts count."""
    if geometry.sequences > 1:
        return f"tokens of each of {geometry.sequences} frames, which are encoded apart"
    return "cells, what becomes one token of the last stage" if geometry.between_stages else "tokens of the clip"


def bench(
    model: str | None,
    method: str = "none",
    schedule: Scheduled = (),
    frames: int | None = None,
    precision: str = "fp32",
    batch_size: int = 1,
    turns: int = 5,
    hugging_face: bool = False,
) -> Row:
    """Speed and memory of a schedule, paired with those of the unreduced model; `model` and `schedule` as in `flops`."""
    arch, chosen, r = _asked(model, method, schedule, frames)
    reduced = r if any(chosen.removed(r, arch.geometry)) else ()
    from tldr_search import bench as measure

    measure.check_options(precision, batch_size, turns)
    setting = measure.Setting(arch, precision, batch_size)
    timings = measure.compare(setting, chosen, reduced, turns, hugging_face)
    return {
        "model": arch.name,
        "frames": arch.frames,
        "image_size": arch.image_size,
        "method": chosen.spec,
        "schedule": list(chosen.full(r, arch.geometry)),
        "schedule_from": _file(schedule),
        "device": setting.device.type,
        "precision": precision,
        "batch_size": batch_size,
        "turns": turns,
        "rows": _timed(timings, CostModel(arch, chosen), reduced, batch_size),
    }


def _timed(timings: Sequence[Timing], cost: CostModel, reduced: Schedule, batch_size: int) -> list[Row]:
    """Each beside the first, which is the unreduced model."""
    from tldr_search.bench import speed_up

    rows: list[Row] = []
    for timing in timings:
        seconds, gflops = median(timing.seconds), cost(reduced).gflops if timing.name == cost.method.spec else cost.base
        rows.append(
            {
                "name": timing.name,
                "gflops": gflops,
                "ms": 1000 * seconds,
                "clips_per_second": batch_size / seconds,
                "peak_mib": timing.peak_mib,
                "speed_up": speed_up(timing, timings[0]),
                "gflops_ratio": cost.base / gflops,
            }
        )
    return rows


def bench_reranking(model: str | None, frames: int | None = None, turns: int = 5) -> Row:
    """How much faster re-ranking is than looking at every pair by itself, on a few random videos and texts."""
    if turns < 1:
        raise ValueError(f"--turns {turns}; a whole number from 1 would be accepted")
    if model is None:
        raise ValueError("no MODEL; one of `list models` with a text tower that re-ranks, such as umt-b, would be accepted")
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
