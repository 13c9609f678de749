"""What schedules remove from clips, and what the unreduced model attends to in them, computed clip by clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tldr_search.answer import PRECISIONS
from tldr_search.backbones.architecture import Architecture, SwinArchitecture
from tldr_search.backbones.families import VideoSide
from tldr_search.config import Settings
from tldr_search.data.protocols import PROTOCOLS
from tldr_search.insight.clips import Found
from tldr_search.insight.maps import Maps, maps
from tldr_search.insight.record import Array, Reduction, Removal
from tldr_search.schedule import Schedule
from tldr_search.tasks.task import normalise


class Chosen(NamedTuple):
    """A schedule to look at."""

    method: str
    """As `get_method` takes it."""
    schedule: Schedule
    """In the counts of the cost model."""
    evaluated: Schedule
    """In the counts of the evaluated model."""
    gflops: float
    """Per clip, of the cost model."""


class _Left(NamedTuple):
    """What is left of one clip."""

    rows: Array
    """[P] int32"""
    size: Array
    """[K] float32"""


def removal(config: Settings, model: VideoSide, found: Found, asked: int, schedules: Sequence[Chosen]) -> Removal:
    """`model` in evaluation mode; `found` of the `asked` clips. `ValueError` if none could be read."""
    if not found.clips:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in found.excluded.items())
        raise ValueError(f"no clip can be shown ({reasons}); videos that can be read would be accepted")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.to(device)
    seen: list[Maps] = []
    left: list[list[_Left]] = [[] for _ in schedules]
    autocast = torch.autocast(device.type, PRECISIONS[config.precision], enabled=config.precision != "fp32")
    with torch.inference_mode(), autocast:
        for clip in found.clips:
            video = normalise(torch.from_numpy(clip.frames[None]).to(device), PROTOCOLS[config.cut.protocol])
            seen.append(maps(model, video))
            for of_schedule, chosen in zip(left, schedules, strict=True):
                of_schedule.append(_left(model, video, chosen))
    return Removal(
        model=config.model,
        cost_model=config.costs,
        grid=grid(model.arch),
        tubelet=model.arch.tubelet,
        apart=model.arch.geometry.sequences > 1,
        unit="cell" if isinstance(model.arch, SwinArchitecture) else "patch",
        asked=asked,
        names=tuple(clip.name for clip in found.clips),
        captions=tuple(clip.caption for clip in found.clips),
        excluded=found.excluded,
        layers=seen[0].layers,
        frames=np.stack([clip.frames[:: model.arch.tubelet] for clip in found.clips]),
        maps={name: np.stack([one.of[name].numpy() for one in seen]) for name in seen[0].of},
        reductions=tuple(_reduction(chosen, clips) for chosen, clips in zip(schedules, left, strict=True)),
    )


def grid(arch: Architecture) -> tuple[int, int, int]:
    """What leaves or stays, along (time, height, width): patches, of a Swin cells."""
    return arch.cells if isinstance(arch, SwinArchitecture) else arch.grid


def _left(model: VideoSide, video: Tensor, chosen: Chosen) -> _Left:
    output = model(video, method=chosen.method, schedule=chosen.evaluated)
    return _Left(output.source[0].int().cpu().numpy(), output.size[0].float().cpu().numpy())


def _reduction(chosen: Chosen, clips: Sequence[_Left]) -> Reduction:
    return Reduction(*chosen, rows=np.stack([clip.rows for clip in clips]), size=np.stack([clip.size for clip in clips]))
