"""What every backbone answers, and how a method and a schedule become the encoder's arguments."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from tldr_search.backbones.architecture import Architecture
from tldr_search.backbones.chosen import settled
from tldr_search.reducers import Method, get_method
from tldr_search.reducers.reducer import Reducer
from tldr_search.schedule import Schedule
from tldr_search.winners import Scheduled


class Output(NamedTuple):
    """B clips: P patches went in, K tokens came out."""

    tokens: Tensor
    """[B, K, C] after the last block and, if there is one, the final norm; in the method's own order. Where every frame is encoded by
    itself: frame by frame, each with its class token in front."""
    size: Tensor
    """[B, K] mass of each token."""
    pooled: Tensor
    """[B, C] normed mean of the tokens, not weighted by size; of CLIP the mean of its frames' projected class tokens, [B, E]."""
    logits: Tensor | None
    """[B, classes]; None unless the model is a classifier."""
    source: Tensor
    """[B, P] int64: row of `tokens` that represents each input patch (cell of a Swin); -1 where it was pruned."""


def reduction(arch: Architecture, method: str | Method, schedule: Scheduled) -> tuple[Reducer | None, Schedule]:
    """-> (reducer, tokens that leave in each layer); `ValueError` if the schedule is impossible for the model.

    A `best.yaml` in the place of the schedule is read; of its methods the best one is taken where `method` is `none`.
    """
    chosen = settled(arch, method, schedule)
    row = get_method(chosen.method)
    removed = row.removed(chosen.schedule, arch.geometry)
    return row.build(arch.geometry) if any(removed) else None, removed
