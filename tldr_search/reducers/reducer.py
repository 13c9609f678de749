"""What the encoder asks of a reducer."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor

from tldr_search.tokens import Assignment


class Observation(NamedTuple):
    """What a reducer may look at in one layer; statistics it did not ask for are None.

    B counts sequences: clips, or all frames of all clips in order where every frame is encoded by itself.
    """

    features: Tensor
    """[B, N, C] residual stream at the point where the reducer acts."""
    size: Tensor | None
    """[B, N] mass of each token; None while all are 1."""
    keys: Tensor | None
    """[B, N, d] head-mean keys of this block's attention."""
    entropy: Tensor | None
    """[B, N] negative entropy of the head-mean attention, unbiased by size."""
    received: Tensor | None
    """[B, N] attention received, mean over queries of the head-mean attention."""
    layer: int
    """Index of the block, from 0."""
    rollout: Tensor | None = None
    """[B, N] attention rollout of the unreduced model, of a merged token the mean over its patches; protected tokens have 0."""


class Reducer(Protocol):
    """Decides which r tokens leave a layer, and who represents them."""

    @property
    def needs(self) -> frozenset[str]:
        """Which of `keys`, `entropy`, `received`, `rollout` it looks at."""
        ...

    @property
    def after_mlp(self) -> bool:
        """Acts after the MLP (STA) instead of between attention and MLP."""
        ...

    @property
    def merges(self) -> bool:
        """Survivors absorb those they represent; otherwise those simply leave."""
        ...

    @property
    def proportional(self) -> bool:
        """Attention is biased by the log of each token's size."""
        ...

    def __call__(self, observation: Observation, r: int) -> Assignment:
        """Exactly r >= 1 of the N tokens leave, in every sequence of the batch."""
        ...
