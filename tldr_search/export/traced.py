"""What is written of a model."""

from __future__ import annotations

from torch import Tensor, nn

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
