"""One plain video transformer: pre-norm blocks over space-time tokens, the schedule an argument of `forward`.

Parameter names are those of the published UMT and VideoMAE checkpoints. Notation: B clips, N tokens, C channels,
h heads, d = C / h.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.architectures import Architecture
from tldr_search.reducers.reducer import Observation, Reducer
from tldr_search.tokens import Tokens, merge, ones, prune

QUERY_BLOCK = 256
"""Queries per block where the attention map itself is needed: bounds its memory at B x h x 256 x N."""


class Attended(NamedTuple):
    """What a block saw of its attention, as far as the reducer asked for it."""

    keys: Tensor | None
    """[B, N, d] head-mean keys."""
    entropy: Tensor | None
    """[B, N] sum_j p_ij ln p_ij of the head-mean attention p (negative entropy; vid-TLDR Eq. 5)."""
    received: Tensor | None
    """[B, N] mean over queries of the head-mean attention that each token receives (vid-TLDR Eq. 3)."""


class Encoded(NamedTuple):
    """What comes out of the last block."""

    tokens: Tensor
    """[B, K, C]"""
    size: Tensor
    """[B, K] mass of each token."""
    source: Tensor
    """[B, P] row of `tokens` that represents each input patch; -1 where it was pruned."""


def sinusoid_positions(count: int, dim: int) -> Tensor:
    """[count, dim] 1-D sinusoid table: sin at even, cos at odd channels, angles in float64, stored in float32."""
    position = torch.arange(count, dtype=torch.float64)[:, None]
    channel = torch.arange(dim, dtype=torch.float64)
    angle = position / 10000 ** (2 * (channel // 2) / dim)
    return torch.where(channel % 2 == 0, angle.sin(), angle.cos()).float()


class Attention(nn.Module):
    """Multi-head self-attention whose keys have no bias (UMT, VideoMAE)."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(dim))
        self.v_bias = nn.Parameter(torch.zeros(dim))
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, size: Tensor | None, needs: frozenset[str]) -> tuple[Tensor, Attended]:
        """`x` [B, N, C] -> ([B, N, C], what the reducer needs); `size` [B, N] adds its log to the logits of each key."""
        bias = torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])
        qkv = F.linear(x, self.qkv.weight, bias).view(*x.shape[:2], 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each [B, h, N, d]
        log_size = None if size is None else size.log().to(x.dtype)[:, None, None, :]
        if needs & {"entropy", "received"}:
            out, entropy, received = _observed_attention(q, k, v, log_size)
        else:
            out, entropy, received = F.scaled_dot_product_attention(q, k, v, attn_mask=log_size), None, None
        keys = k.mean(dim=1) if "keys" in needs else None
        return self.proj(out.transpose(1, 2).flatten(2)), Attended(keys, entropy, received)


def _observed_attention(q: Tensor, k: Tensor, v: Tensor, log_size: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Attention in blocks of queries, with the statistics of the unbiased head-mean map.

    q, k, v [B, h, N, d] -> (out [B, h, N, d], negative entropy [B, N], received attention [B, N]).
    """
    outs, entropies = [], []
    received = q.new_zeros(q.shape[0], q.shape[2], dtype=torch.float32)
    q = q * q.shape[-1] ** -0.5
    for block in torch.split(q, QUERY_BLOCK, dim=2):
        logits = block @ k.transpose(-2, -1)
        plain = logits.softmax(dim=-1, dtype=torch.float32)
        p = plain.mean(dim=1)
        entropies.append(torch.xlogy(p, p).sum(dim=-1))  # 0 ln 0 = 0, where the released code gives NaN
        received += p.sum(dim=1)
        used = plain if log_size is None else (logits + log_size).softmax(dim=-1, dtype=torch.float32)
        outs.append(used.to(v.dtype) @ v)
    return torch.cat(outs, dim=2), torch.cat(entropies, dim=1), received / q.shape[2]


class MLP(nn.Module):
    """Linear, exact GELU, Linear."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, C] -> [B, N, C]"""
        out: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return out


class Block(nn.Module):
    """x += Attention(LN x); [reduce]; x += MLP(LN x); [reduce]."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(arch.dim, eps=arch.norm_eps)
        self.attn = Attention(arch.dim, arch.heads)
        self.norm2 = nn.LayerNorm(arch.dim, eps=arch.norm_eps)
        self.mlp = MLP(arch.dim, arch.mlp_ratio * arch.dim)

    def forward(self, tokens: Tokens, reducer: Reducer | None = None, r: int = 0, layer: int = 0) -> Tokens:
        """Removes exactly `r` tokens where the reducer acts: after the attention or after the MLP."""
        acting = reducer if r > 0 else None
        size = tokens.size if reducer is not None and reducer.proportional else None
        out, seen = self.attn(self.norm1(tokens.features), size, acting.needs if acting else frozenset())
        tokens = tokens._replace(features=tokens.features + out)
        if acting and not acting.after_mlp:
            tokens = _reduce(tokens, seen, acting, r, layer)
        tokens = tokens._replace(features=tokens.features + self.mlp(self.norm2(tokens.features)))
        if acting and acting.after_mlp:
            tokens = _reduce(tokens, seen, acting, r, layer)
        return tokens


def _reduce(tokens: Tokens, seen: Attended, reducer: Reducer, r: int, layer: int) -> Tokens:
    observation = Observation(tokens.features, tokens.size, seen.keys, seen.entropy, seen.received, layer)
    assignment = reducer(observation, r)
    return merge(tokens, assignment) if reducer.merges else prune(tokens, assignment)


class PatchEmbed(nn.Module):
    """Tubelets to tokens, flattened in (t, h, w) order."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        kernel = (arch.tubelet, arch.patch_size, arch.patch_size)
        self.proj = nn.Conv3d(3, arch.dim, kernel_size=kernel, stride=kernel)

    def forward(self, video: Tensor) -> Tensor:
        """[B, 3, T, H, W] -> [B, N, C]"""
        patches: Tensor = self.proj(video)
        return patches.flatten(2).transpose(1, 2)


class VideoEncoder(nn.Module):
    """Tubelet embedding, fixed sinusoid positions, `depth` blocks, a final norm (UMT) or none (VideoMAE)."""

    def __init__(self, arch: Architecture, *, final_norm: bool) -> None:
        super().__init__()
        self.arch = arch
        self.patch_embed = PatchEmbed(arch)
        self.blocks = nn.ModuleList(Block(arch) for _ in range(arch.depth))
        self.norm = nn.LayerNorm(arch.dim, eps=arch.norm_eps) if final_norm else nn.Identity()
        self.positions: Tensor
        self.register_buffer("positions", _positions(arch), persistent=False)

    def embed(self, video: Tensor) -> Tensor:
        """[B, 3, T, H, W], normalised -> [B, N, C]: patches with their positions; `ValueError` for clips of another shape."""
        expected = (3, self.arch.frames, self.arch.image_size, self.arch.image_size)
        if tuple(video.shape[1:]) != expected:
            accepted = ", ".join(map(str, expected))
            raise ValueError(f"{self.arch.name}: clips of shape {list(video.shape)}; [batch, {accepted}] would be accepted")
        patches: Tensor = self.patch_embed(video)
        return patches + self.positions.to(patches.dtype)

    def encode(self, features: Tensor, reducer: Reducer | None = None, removed: Sequence[int] = ()) -> Encoded:
        """[B, N, C] -> the last block's tokens; `removed[l]` tokens leave in block l (none where it is not given)."""
        tokens = Tokens(features, None, None)
        for layer, block in enumerate(self.blocks):
            tokens = block(tokens, reducer, removed[layer] if layer < len(removed) else 0, layer)
        batch, count = features.shape[:2]
        size = ones(tokens.features) if tokens.size is None else tokens.size
        everyone = torch.arange(count, device=features.device).expand(batch, -1)
        return Encoded(self.norm(tokens.features), size, everyone if tokens.rows is None else tokens.rows)

    def forward(self, video: Tensor, reducer: Reducer | None = None, removed: Sequence[int] = ()) -> Encoded:
        """`video` [B, 3, T, H, W], normalised -> `Encoded`."""
        return self.encode(self.embed(video), reducer, removed)


def _positions(arch: Architecture) -> Tensor:
    """[1, N, C]; interpolated over time when they were made for another number of frames."""
    t, h, w = arch.grid
    made_for = t if arch.checkpoint_frames in (-1, arch.frames) else arch.checkpoint_frames // arch.tubelet
    table = sinusoid_positions(made_for * h * w, arch.dim)
    if made_for != t:
        per_place = table.view(made_for, h * w * arch.dim).T[None]  # [1, hwC, T']
        table = F.interpolate(per_place, size=t, mode="linear", align_corners=False)[0].T.reshape(t * h * w, arch.dim)
    return table[None]
