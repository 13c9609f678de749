"""Tokens that leave, and who represents them.

A reducer only decides an `Assignment`; what follows from it (the weighted merge, the sizes, the map from patches to
surviving tokens, un-merging) is written once, here.

Notation: B clips, N tokens before, K = N - r tokens after, P patches of the input, C channels.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Assignment(NamedTuple):
    """Who stays, and who stands for those who leave."""

    kept: Tensor
    """[B, K] int64: positions of the surviving tokens, in output order."""
    source: Tensor
    """[B, r] int64: positions of the tokens that leave."""
    target: Tensor
    """[B, r] int64: for each of them the row of `kept` that represents it."""
    weight: Tensor
    """[B, r] float: its share in that row; 1 merges (ToMe), 0 prunes, in between is vid-TLDR's saliency."""


class Tokens(NamedTuple):
    """The state that travels through the encoder."""

    features: Tensor
    """[B, N, C]"""
    size: Tensor | None
    """[B, N] float32 mass of each token; None until something was merged."""
    rows: Tensor | None
    """[B, P] int64: the token that represents each input patch, -1 where it was pruned; None until a token left."""


def ones(features: Tensor) -> Tensor:
    """[B, N, C] -> [B, N] float32: the sizes of tokens that each stand for themselves alone."""
    return features.new_ones(features.shape[:2], dtype=torch.float32)


def gather(values: Tensor, index: Tensor) -> Tensor:
    """Rows `index` [B, K] of `values` [B, N, ...]."""
    return values.gather(1, index.view(*index.shape, *(1,) * (values.dim() - 2)).expand(-1, -1, *values.shape[2:]))


def merge(tokens: Tokens, assignment: Assignment) -> Tokens:
    """Size-weighted mean of each survivor with those it represents (ToMe; vid-TLDR Eq. 10-11).

    A source token enters with mass `weight * size`. Sums run in float32 and are taken relative to the largest size of
    the clip, as released, so that half precision does not overflow.
    """
    kept, source, target, weight = assignment
    size = tokens.size if tokens.size is not None else ones(tokens.features)
    largest = size.amax(dim=1, keepdim=True)
    weighted = tokens.features.float() * (size / largest)[..., None]
    share = weight.float()
    total = gather(size, kept).scatter_add(1, target, gather(size, source) * share)
    index = target[..., None].expand(-1, -1, weighted.shape[-1])
    summed = gather(weighted, kept).scatter_add(1, index, gather(weighted, source) * share[..., None])
    return Tokens(
        features=(summed / (total / largest)[..., None]).to(tokens.features.dtype),
        size=total,
        rows=_follow(tokens, assignment, merged=True),
    )


def prune(tokens: Tokens, assignment: Assignment) -> Tokens:
    """Only the survivors, unchanged; those who leave are represented by nobody."""
    size = None if tokens.size is None else gather(tokens.size, assignment.kept)
    return Tokens(gather(tokens.features, assignment.kept), size, _follow(tokens, assignment, merged=False))


def unmerge(values: Tensor, rows: Tensor, fill: float = 0.0) -> Tensor:
    """Values per surviving token [B, K, ...] spread over the input patches [B, P, ...]; pruned patches get `fill`."""
    spread = gather(values, rows.clamp(min=0))
    return spread.masked_fill((rows < 0).view(*rows.shape, *(1,) * (values.dim() - 2)), fill)


def mean_over_patches(values: Tensor, rows: Tensor, count: int) -> Tensor:
    """[B, P] values of patches -> [B, count]: of each token the mean over the patches that it represents, whatever their sizes."""
    here = (rows >= 0).to(values.dtype)
    index, empty = rows.clamp(min=0), values.new_zeros(len(values), count)
    total, patches = empty.scatter_add(1, index, values * here), empty.scatter_add(1, index, here)
    return total / patches


def _follow(tokens: Tokens, assignment: Assignment, *, merged: bool) -> Tensor:
    """[B, P]: `tokens.rows` after the assignment."""
    batch, count = tokens.features.shape[:2]
    kept, source, target, _ = assignment
    new = kept.new_full((batch, count), -1)
    new.scatter_(1, kept, torch.arange(kept.shape[1], device=kept.device).expand(batch, -1))
    if merged:
        new.scatter_(1, source, target)
    if tokens.rows is None:
        return new
    return torch.where(tokens.rows < 0, tokens.rows, new.gather(1, tokens.rows.clamp(min=0)))
