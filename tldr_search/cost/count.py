"""A count of multiply-adds, block by block."""

from __future__ import annotations

from typing import NamedTuple


class LayerCost(NamedTuple):
    """Multiply-adds of one block, for a whole clip."""

    tokens_in: int
    """n, of each sequence (a frame, where every frame is encoded by itself; cells of a Swin)."""
    tokens_out: int
    """n', likewise."""
    attention: int
    """Norm, projections and attention itself, on n tokens."""
    decision: int
    """Deciding which tokens leave."""
    mlp: int
    """Norm and MLP, on n' tokens (on n for a method that acts after it)."""
    downsample: int = 0
    """Joining 2 x 2 tokens after the last block of a stage (Swin)."""

    @property
    def macs(self) -> int:
        """All of the block."""
        return self.attention + self.decision + self.mlp + self.downsample


class Cost(NamedTuple):
    """Multiply-adds of one clip."""

    patch_embed: int
    """Pixels to tokens, and a norm where one follows."""
    layers: tuple[LayerCost, ...]
    """Block by block."""
    tail: int
    """What follows the last block: norms, and a classifier or projection that belongs to the encoder."""
    observation: int = 0
    """Looking at the unreduced model first: what its attention maps need, and what is made of them."""

    @property
    def macs(self) -> int:
        """All of the vision encoder."""
        return self.observation + self.patch_embed + sum(layer.macs for layer in self.layers) + self.tail

    @property
    def gflops(self) -> float:
        """`macs` / 1e9, as the papers print it."""
        return self.macs / 1e9

    @property
    def tokens(self) -> tuple[int, ...]:
        """Tokens that enter the first block, then those that leave each block: depth + 1 counts."""
        return self.layers[0].tokens_in, *(layer.tokens_out for layer in self.layers)
