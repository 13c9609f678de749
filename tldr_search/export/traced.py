"""What is written of a model."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from tldr_search.reduced import Reduced

INPUT = "video"
"""[B, 3, T, H, W] float32, normalised."""


class Named(nn.Module):
    """A reduced encoder whose outputs have names."""

    def __init__(self, reduced: Reduced) -> None:
        super().__init__()
        self.reduced = reduced

    def forward(self, video: Tensor) -> dict[str, Tensor]:
        """`Output` without the map to the patches: pooled, tokens, size, and of a classifier logits."""
        out = self.reduced(video)
        named = {"pooled": out.pooled, "tokens": out.tokens, "size": out.size}
        return named if out.logits is None else {**named, "logits": out.logits}


class Traced(NamedTuple):
    """A model, and what it does."""

    model: Named
    """As it was."""
    program: ExportedProgram
    """What it does to clips of one shape."""
    video: Tensor
    """[B, 3, T, H, W] noise, with which it was traced."""
    outputs: dict[str, Tensor]
    """Of these clips."""


def trace(reduced: Reduced, batch_size: int) -> Traced:
    """In eval mode."""
    model = Named(reduced).eval()
    video = torch.randn(batch_size, *reduced.clip_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        outputs = model(video)  # first as it is: what is the same for all clips is computed once, and is then a constant of the trace
        return Traced(model, torch.export.export(model, (video,), strict=False), video, outputs)
