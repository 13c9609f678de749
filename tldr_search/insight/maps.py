"""What the unreduced model attends to: saliency and attentiveness of every patch, layer by layer, and its rollout.

Of a CLIP, class tokens take no part, and every frame is a sequence of its own. Of a Swin there are maps between stages only, of cells, and
no rollout: its attention stays within windows.

Notation: S sequences of a clip, N tokens of each, p of them class tokens, P = S (N - p) patches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from tldr_search.backbones.clip import CLIPVideo
from tldr_search.backbones.encoder import Attended, VideoEncoder
from tldr_search.backbones.families import VideoSide
from tldr_search.backbones.rollout import rollout
from tldr_search.backbones.umt import UMTVideo
from tldr_search.backbones.video_swin import VideoSwin
from tldr_search.backbones.videomae import VideoMAE
from tldr_search.reducers.vid_tldr import saliency

SHARP, RECEIVED, WHOLE = "entropy", "received", "map"


class Maps(NamedTuple):
    """Of one clip."""

    layers: tuple[int, ...]
    """From 1."""
    of: dict[str, Tensor]
    """Measure -> [layers, P] float16, of the rollout [1, P]; see `record.Removal`."""


def maps(model: VideoSide, clip: Tensor) -> Maps:
    """`clip` [1, 3, T, H, W], normalised. One clip at a time, as the maps of all layers are needed at once, for the rollout."""
    if isinstance(model, VideoSwin):
        layers = tuple(layer + 1 for layer in model.arch.geometry.between_stages)
        return Maps(layers, _stacked(_of_stages([*model.observe(clip, frozenset({SHARP, RECEIVED}))])))
    geometry = model.arch.geometry
    seen = [*encoder_of(model).observe(clip, frozenset({SHARP, RECEIVED, WHOLE}))]
    return Maps(tuple(range(1, geometry.depth + 1)), _stacked(_of_blocks(seen, geometry.protected)))


def encoder_of(model: UMTVideo | CLIPVideo | VideoMAE) -> VideoEncoder:
    """The plain encoder in it."""
    return model.encoder if isinstance(model, VideoMAE) else model.vision_encoder.encoder


def even(values: Tensor) -> Tensor:
    """[...] -> [P]: as multiples of an even share."""
    values = values.float().flatten()
    return values / values.mean()


def _of_blocks(seen: Sequence[Attended], protected: int) -> dict[str, list[Tensor]]:
    whole = [block.map for block in seen if block.map is not None]
    return {
        "saliency": [saliency(_there(block.entropy)[:, protected:]).flatten() for block in seen],
        "attentiveness": [even(_there(block.received)[:, protected:]) for block in seen],
        "rollout": [even(rollout(whole, protected)[:, protected:])],
    }


def _of_stages(seen: Sequence[Attended]) -> dict[str, list[Tensor]]:
    return {
        "saliency": [saliency(_there(stage.entropy)).flatten() for stage in seen],
        "attentiveness": [even(_there(stage.received)) for stage in seen],
    }


def _there(values: Tensor | None) -> Tensor:
    """What was asked for."""
    assert values is not None
    return values


def _stacked(found: dict[str, list[Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack(layers).half().cpu() for name, layers in found.items()}
