"""Bipartite soft matching (ToMe section 3, Appendix D): each even token finds its most similar odd one, the r best pairs are merged.

Notation: a = tokens at even positions (ceil(N / 2)), b = tokens at odd ones, u = ceil(N / 2) - r the even tokens that stay.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from tldr_search.schedule import Geometry


class Matching(NamedTuple):
    """An `Assignment` without weights."""

    kept: Tensor
    """[B, u + floor(N / 2)]: unmerged even tokens, then all odd ones in order."""
    source: Tensor
    """[B, r]: the even tokens that leave, most similar first."""
    target: Tensor
    """[B, r]: rows of `kept`, all among the odd tokens."""


def check_protected(name: str, geometry: Geometry) -> None:
    """Even and odd are told apart by position, so only a token at position 0 can be kept out of it."""
    if geometry.protected > 1:
        raise ValueError(f"{name}: {geometry.protected} protected tokens; 0 or 1 (a class token) would be accepted")


def unit(metric: Tensor) -> Tensor:
    """[..., d] -> float32 vectors of length 1; zero stays zero, where the released codes give NaN."""
    metric = metric.float()
    length: Tensor = torch.linalg.vector_norm(metric, dim=-1, keepdim=True)
    return metric / length.clamp_min(torch.finfo(torch.float32).tiny)


def full_precision(tensor: Tensor) -> AbstractContextManager[object]:
    """Matrix products inside keep float32, also under autocast."""
    kind = tensor.device.type
    return torch.autocast(kind, enabled=False) if kind != "meta" and torch.is_autocast_enabled(kind) else nullcontext()


def cosine(metric: Tensor) -> Tensor:
    """[B, N, d] -> [B, ceil(N / 2), floor(N / 2)] cosine of every even with every odd token.

    In float32 also under autocast: half precision has so few values near 1 that ties would decide.
    """
    with full_precision(metric):
        metric = unit(metric)
        return metric[:, ::2] @ metric[:, 1::2].transpose(1, 2)


def nearest(similarity: Tensor) -> tuple[Tensor, Tensor]:
    """`similarity` [B, a, b] -> [B, a] of the most similar odd token, and which it is; of equal ones the first, 0 if there are none."""
    if not similarity.shape[2]:
        similarity = similarity.new_zeros(*similarity.shape[:2], 1)
    best, partner = similarity.max(dim=-1)
    return best, partner


def match(similarity: Tensor, r: int, *, protected: int, in_order: bool) -> Matching:
    """`similarity` [B, a, b] -> who leaves for whom.

    Unmerged even tokens keep their old order if `in_order`, else they come by falling similarity. Ties go to the lower position.
    """
    if protected:
        similarity = similarity.clone()
        similarity[:, :protected] = -torch.inf  # the class token is even token 0
    best, partner = nearest(similarity)
    order = best.argsort(dim=-1, descending=True, stable=True)
    leaving, staying = order[:, :r], order[:, r:]
    if in_order:
        staying = staying.sort(dim=-1).values
    evens, odds = similarity.shape[1:]
    odd = torch.arange(odds, device=similarity.device).expand(len(similarity), -1)
    return Matching(
        kept=torch.cat([2 * staying, 2 * odd + 1], dim=1),
        source=2 * leaving,
        target=partner.gather(1, leaving) + (evens - r),
    )
