"""Attention rollout (Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020) of a whole unreduced model.

Notation: A_l = head-mean attention of layer l, of L, rows are queries; n tokens of a sequence without its p class tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from tldr_search.reducers.matching import full_precision


def rollout(maps: Sequence[Tensor], protected: int = 0) -> Tensor:
    """`maps` [B, p + n, p + n] of layers 1 to L -> [B, p + n] float32: how much of each token reaches the last layer, on average.

    R = A'_L ... A'_1 with A'_l = (A_l + I) / 2; a token's score is the mean of its column. The mean, a vector, is multiplied from the
    left, so that no product of two maps is ever computed. Ours: class tokens are neither queries nor keys (rows are made to sum to 1
    without them), and have 0.
    """
    with full_precision(maps[0]):
        count = maps[0].shape[1] - protected
        v = maps[0].new_full((len(maps[0]), 1, count), 1 / count)  # 1^T / n
        for attention in reversed(maps):
            v = 0.5 * (v @ _among_tokens(attention, protected) + v)
    return F.pad(v[:, 0], (protected, 0))


def _among_tokens(attention: Tensor, protected: int) -> Tensor:
    """[B, p + n, p + n] -> [B, n, n], rows sum to 1."""
    if not protected:
        return attention
    among = attention[:, protected:, protected:]
    total: Tensor = among.sum(dim=-1, keepdim=True)
    return among / total.clamp_min(torch.finfo(among.dtype).tiny)
