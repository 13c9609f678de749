"""Attention within windows (Swin, ICCV 2021, section 3.2; Video Swin, CVPR 2022, section 3.2).

Notation: B clips, n rows (tokens that are left), C channels, h heads, d = C / h, M positions of a window, a x b x c windows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.cells import Layout, take
from tldr_search.backbones.encoder import Attended
from tldr_search.backbones.swin_shape import Shape, Windows

BLOCKED = -100.0
"""Added to the logits of two positions that the shift alone brought into one window."""
MAP_ELEMENTS = 1 << 23
"""Elements of an attention map at a time, where the map itself is needed."""


class WindowAttention(nn.Module):
    """Multi-head attention within windows, with a learned bias for each relative position."""

    def __init__(self, dim: int, heads: int, window: Shape) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.relative_position_bias_table = nn.Parameter(torch.zeros(math.prod(2 * w - 1 for w in window), heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, rows: Tensor, layout: Layout, cut: Windows, needs: frozenset[str]) -> tuple[Tensor, Attended]:
        """`rows` [B, n, C] -> ([B, n, C], what the reducer needs of each row).

        Windows are dense: positions that left take part with what `layout` fills in for them.
        """
        qkv = self.qkv(rows)
        bias = self.relative_position_bias_table[relative_positions(self.window, cut.volume, qkv.device)].permute(2, 0, 1)
        positions, order, seen = members(layout.grid, cut, qkv.device), [], []
        for where, last in alike(cut):
            order.append(positions[where].flatten(0, 2))
            q, k, v = self._windows(qkv, order[-1], layout, padded=cut.padded != layout.grid)
            added = (bias + blocked(cut, last, qkv.device) if any(last) else bias).to(q.dtype)
            values = _observed_attention(q, k, v, added) if needs & {"entropy", "received"} else _fused_attention(q, k, v, added)
            seen.append([value.reshape(len(rows), -1, *value.shape[2:]) for value in values])  # [B, w M, ...]
        back = layout.of_rows(inverse(torch.cat(order).flatten(), math.prod(layout.grid)))
        out, *statistics = (take(torch.cat(parts, dim=1), back) for parts in zip(*seen, strict=True))
        keys = qkv.view(*qkv.shape[:2], 3, self.heads, -1)[:, :, 1].mean(dim=2) if "keys" in needs else None
        return self.proj(out), Attended(keys, *(statistics or (None, None)))

    def _windows(self, qkv: Tensor, positions: Tensor, layout: Layout, *, padded: bool) -> Tensor:
        """`qkv` [B, n, 3C], `positions` [w, M] of some windows -> queries, keys and values [3, B w, h, M, d]."""
        windows = take(qkv, layout.at(positions.flatten().clamp(min=0)))
        if padded:  # a zero before the projection, so its bias after it, as published
            windows = torch.where(positions.reshape(-1, 1) < 0, self.qkv.bias.to(windows.dtype), windows)
        return windows.view(-1, positions.shape[1], 3, self.heads, windows.shape[2] // self.heads // 3).permute(2, 0, 3, 1, 4)


@cache
@torch.inference_mode(False)  # kept for later calls, which may want gradients
def relative_positions(window: Shape, volume: int, device: torch.device) -> Tensor:
    """[M, M] int64: row of the bias table for each pair of positions.

    Where the grid cuts a window to `volume` positions, they are taken as the first ones of the whole window, as published.
    """
    _, h, w = (2 * size - 1 for size in window)
    t, y, x = (torch.arange(size, device=device) for size in window)
    code = ((t[:, None, None] * h + y[:, None]) * w + x).flatten()[:volume]
    largest = ((window[0] - 1) * h + window[1] - 1) * w + window[2] - 1
    return code[:, None] - code + largest


def alike(cut: Windows) -> Iterator[tuple[tuple[slice, ...], tuple[bool, ...]]]:
    """Windows that share a mask: (where along each dimension, whether it is the last window there).

    Only the last window along a shifted dimension holds positions of two ends of the grid, so that there are at most 8 masks.
    """
    along = []
    for count, shift in zip(cut.counts, cut.shift, strict=True):
        along.append([(slice(0, count - 1), False), (slice(count - 1, count), True)] if shift else [(slice(0, count), False)])
    for part in itertools.product(*along):
        where, last = zip(*part, strict=True)
        yield where, last


@cache
@torch.inference_mode(False)  # kept for later calls, which may want gradients
def blocked(cut: Windows, last: tuple[bool, ...], device: torch.device) -> Tensor:
    """[M, M] mask of windows that are `last` along these dimensions: 0 within a region, `BLOCKED` between two."""
    region = torch.zeros(cut.size, dtype=torch.int64, device=device)
    for axis, (size, shift) in enumerate(zip(cut.size, cut.shift, strict=True)):
        if last[axis]:
            far = torch.arange(size, device=device) >= size - shift
            region = region + 2**axis * far.view([-1 if other == axis else 1 for other in range(3)])
    region = region.flatten()
    return BLOCKED * (region[:, None] != region).float()


@cache
@torch.inference_mode(False)  # kept for later calls, which may want gradients
def members(grid: Shape, cut: Windows, device: torch.device) -> Tensor:
    """[a, b, c, M] position of the grid at each place of each window, after the shift; -1 where a window is padded."""
    positions = torch.arange(math.prod(grid), device=device).view(grid)
    (end_t, end_h, end_w), (a, b, c), (t, h, w) = (p - n for p, n in zip(cut.padded, grid, strict=True)), cut.counts, cut.size
    positions = F.pad(positions, (0, end_w, 0, end_h, 0, end_t), value=-1)
    moved = positions.roll([-shift for shift in cut.shift], dims=(0, 1, 2))
    return moved.view(a, t, b, h, c, w).permute(0, 2, 4, 1, 3, 5).flatten(3)


def inverse(order: Tensor, count: int) -> Tensor:
    """`order`, a permutation of `count` numbers with some -1 between -> [count]: where each of them is."""
    slots = torch.arange(len(order), device=order.device)
    return order.new_zeros(count + 1).scatter(0, torch.where(order < 0, count, order), slots)[:count]


def _fused_attention(q: Tensor, k: Tensor, v: Tensor, added: Tensor) -> tuple[Tensor]:
    """q, k, v [windows, h, M, d], `added` [h, M, M] -> out [windows, M, h d]."""
    return (F.scaled_dot_product_attention(q, k, v, attn_mask=added[None]).transpose(1, 2).flatten(2),)


def _observed_attention(q: Tensor, k: Tensor, v: Tensor, added: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As `_fused_attention`, a few windows at a time; also negative entropy and received attention [windows, M] of the head-mean map."""
    outs, entropies, receiveds = [], [], []
    scale, at_once = q.shape[-1] ** -0.5, max(MAP_ELEMENTS // added.numel(), 1)
    for some_q, some_k, some_v in zip(*(torch.split(x, at_once) for x in (q, k, v)), strict=True):
        attention = (some_q * scale @ some_k.transpose(-2, -1) + added).softmax(dim=-1, dtype=torch.float32)
        outs.append((attention.to(v.dtype) @ some_v).transpose(1, 2).flatten(2))
        p = attention.mean(dim=1)
        entropies.append(torch.xlogy(p, p).sum(dim=-1))
        receiveds.append(p.mean(dim=1))
    return torch.cat(outs), torch.cat(entropies), torch.cat(receiveds)
