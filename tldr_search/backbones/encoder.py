"""One plain video transformer: pre-norm blocks over space-time tokens, the schedule an argument of `forward`.

Parameter names are those of the published UMT and VideoMAE checkpoints. Notation: B clips, S sequences in each (its frames where
every frame is encoded by itself, otherwise 1), N tokens in a sequence, C channels, h heads, d = C / h.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.architecture import Architecture, PlainArchitecture
from tldr_search.backbones.prefixes import PrefixesOfClips
from tldr_search.backbones.rollout import rollout
from tldr_search.reducers.reducer import Observation, Reducer
from tldr_search.tokens import Tokens, mean_over_patches, merge, ones, prune

QUERY_BLOCK = 64
"""Queries per block where the attention map itself is needed: bounds its memory at B x h x 64 x N."""
MAPS = 1 << 28
"""Elements of the maps of all layers at a time, where these are needed at once (rollout): 1 GiB, or a single clip."""


class Attended(NamedTuple):
    """What a block saw of its attention, as far as somebody asked for it."""

    keys: Tensor | None
    """[B, N, d] head-mean keys."""
    entropy: Tensor | None
    """[B, N] sum_j p_ij ln p_ij of the head-mean attention p (negative entropy; vid-TLDR Eq. 5). Ours: j is no class token."""
    received: Tensor | None
    """[B, N] mean over queries of the head-mean attention that each token receives (vid-TLDR Eq. 3). Ours: queries are no class token."""
    map: Tensor | None = None
    """[B, N, N] float32 head-mean attention, class tokens included."""


class Encoded(NamedTuple):
    """What comes out of the last block."""

    tokens: Tensor
    """[B, S, K, C]; class tokens in front."""
    size: Tensor
    """[B, S, K] mass of each token."""
    source: Tensor
    """[B, P] row of `tokens`, all sequences of the clip in order, that represents each input patch; -1 where it was pruned."""


def sinusoid_positions(count: int, dim: int) -> Tensor:
    """[count, dim] 1-D sinusoid table: sin at even, cos at odd channels, angles in float64, stored in float32."""
    position = torch.arange(count, dtype=torch.float64)[:, None]
    channel = torch.arange(dim, dtype=torch.float64)
    angle = position / 10000 ** (2 * (channel // 2) / dim)
    return torch.where(channel % 2 == 0, angle.sin(), angle.cos()).float()


class Attention(nn.Module):
    """Multi-head self-attention; keys have a bias only where the architecture says so (CLIP)."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__()
        self.heads, self.protected = arch.heads, int(arch.class_token)
        self.qkv = nn.Linear(arch.dim, 3 * arch.dim, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(arch.dim))
        self.k_bias = nn.Parameter(torch.zeros(arch.dim)) if arch.key_bias else None
        self.v_bias = nn.Parameter(torch.zeros(arch.dim))
        self.proj = nn.Linear(arch.dim, arch.dim)

    def forward(self, x: Tensor, size: Tensor | None, needs: frozenset[str]) -> tuple[Tensor, Attended]:
        """`x` [B, N, C] -> ([B, N, C], what the reducer needs); `size` [B, N] adds its log to the logits of each key."""
        q, k, v = self._projected(x, 3)
        log_size = None if size is None else size.log().to(q.dtype)[:, None, None, :]
        if needs & {"entropy", "received", "map"}:
            out, seen = _observed_attention(q, k, v, log_size, self.protected, whole="map" in needs)
        else:
            out, seen = F.scaled_dot_product_attention(q, k, v, attn_mask=log_size), Attended(None, None, None)
        keys = k.mean(dim=1) if "keys" in needs else None
        return self.proj(out.transpose(1, 2).flatten(2)), seen._replace(keys=keys)

    def map(self, x: Tensor) -> Tensor:
        """`x` [B, N, C] -> [B, N, N] float32 head-mean attention, class tokens included; without values nothing else is computed."""
        q, k = self._projected(x, 2)
        k = (k * k.shape[-1] ** -0.5).transpose(-2, -1).contiguous()
        blocks = (q[:, :, start : start + QUERY_BLOCK] for start in range(0, q.shape[2], QUERY_BLOCK))
        return torch.cat([(some @ k).softmax(dim=-1, dtype=torch.float32).mean(dim=1) for some in blocks], dim=1)

    def _projected(self, x: Tensor, count: int) -> list[Tensor]:
        """The first `count` of queries, keys and values, each [B, h, N, d]."""
        parts = list(zip(self.qkv.weight.chunk(3), (self.q_bias, self.k_bias, self.v_bias), strict=True))[:count]
        shape = (*x.shape[:2], self.heads, -1)
        return [F.linear(x, weight, bias).view(shape).transpose(1, 2) for weight, bias in parts]


def _observed_attention(
    q: Tensor, k: Tensor, v: Tensor, log_size: Tensor | None, protected: int = 0, *, whole: bool = False
) -> tuple[Tensor, Attended]:
    """Attention in blocks of queries, with the statistics of the unbiased head-mean map; the first `protected` tokens take no part in them.

    q, k, v [B, h, N, d] -> ([B, h, N, d], what was seen but the keys); the map itself only if the `whole` of it is asked for.
    """
    out, entropies, maps = torch.empty_like(q), [], []
    received = q.new_zeros(q.shape[0], q.shape[2], dtype=torch.float32)
    k, v = (k * k.shape[-1] ** -0.5).transpose(-2, -1).contiguous(), v.contiguous()  # once, not in every block
    for start in range(0, q.shape[2], QUERY_BLOCK):
        at = slice(start, start + QUERY_BLOCK)
        logits = q[:, :, at] @ k
        plain = logits.softmax(dim=-1, dtype=torch.float32)
        p = plain.mean(dim=1)
        if whole:
            maps.append(p)
        received += p[:, max(protected - start, 0) :].sum(dim=1)
        if protected:
            p = p[..., protected:] / p[..., protected:].sum(dim=-1, keepdim=True)
        entropies.append(torch.xlogy(p, p).sum(dim=-1))  # 0 ln 0 = 0, where the released code gives NaN
        used = plain if log_size is None else (logits + log_size).softmax(dim=-1, dtype=torch.float32)
        out[:, :, at] = used.to(v.dtype) @ v
    received = received / (q.shape[2] - protected)
    return out, Attended(None, torch.cat(entropies, dim=1), received, torch.cat(maps, dim=1) if whole else None)


def quick_gelu(x: Tensor) -> Tensor:
    """X sigmoid(1.702 x), the GELU of CLIP."""
    return x * torch.sigmoid(1.702 * x)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"gelu": F.gelu, "quick_gelu": quick_gelu}


class MLP(nn.Module):
    """Linear, GELU, Linear."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[arch.activation]
        self.fc1 = nn.Linear(arch.dim, arch.mlp_ratio * arch.dim)
        self.fc2 = nn.Linear(arch.mlp_ratio * arch.dim, arch.dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, C] -> [B, N, C]"""
        out: Tensor = self.fc2(self.activation(self.fc1(x)))
        return out


class Block(nn.Module):
    """x += Attention(LN x); [reduce]; x += MLP(LN x); [reduce]."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(arch.dim, eps=arch.norm_eps)
        self.attn = Attention(arch)
        self.norm2 = nn.LayerNorm(arch.dim, eps=arch.norm_eps)
        self.mlp = MLP(arch)

    def forward(self, tokens: Tokens, reducer: Reducer | None = None, r: int = 0, layer: int = 0, reached: Tensor | None = None) -> Tokens:
        """Removes exactly `r` tokens where the reducer acts: after the attention or after the MLP. `reached` [B, P]: rollout of patches."""
        acting = reducer if r > 0 else None
        size = tokens.size if reducer is not None and reducer.proportional else None
        out, seen = self.attn(self.norm1(tokens.features), size, acting.needs if acting else frozenset())
        tokens = tokens._replace(features=tokens.features + out)
        if acting and not acting.after_mlp:
            tokens = _reduce(tokens, seen, acting, r, layer, reached)
        tokens = tokens._replace(features=tokens.features + self.mlp(self.norm2(tokens.features)))
        if acting and acting.after_mlp:
            tokens = _reduce(tokens, seen, acting, r, layer, reached)
        return tokens

    def watched(self, features: Tensor, needs: frozenset[str]) -> tuple[Tensor, Attended]:
        """[B, N, C] -> ([B, N, C], what the block sees when nothing has left)."""
        out, seen = self.attn(self.norm1(features), None, needs)
        features = features + out
        return features + self.mlp(self.norm2(features)), seen


def _reduce(tokens: Tokens, seen: Attended, reducer: Reducer, r: int, layer: int, reached: Tensor | None) -> Tokens:
    if reached is not None and tokens.rows is not None:
        reached = mean_over_patches(reached, tokens.rows, tokens.features.shape[1])
    observation = Observation(tokens.features, tokens.size, seen.keys, seen.entropy, seen.received, layer, reached)
    assignment = reducer(observation, r)
    return merge(tokens, assignment) if reducer.merges else prune(tokens, assignment)


class PatchEmbed(nn.Module):
    """Tubelets to tokens, flattened in (t, h, w) order."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__()
        kernel = (arch.tubelet, arch.patch_size, arch.patch_size)
        self.proj = nn.Conv3d(3, arch.dim, kernel_size=kernel, stride=kernel, bias=arch.patch_bias)

    def forward(self, video: Tensor) -> Tensor:
        """[B, 3, T, H, W] -> [B, N, C]"""
        patches: Tensor = self.proj(video)
        return patches.flatten(2).transpose(1, 2).contiguous()  # or every norm to come would copy it first


class VideoEncoder(nn.Module):
    """Tubelets with their positions, `depth` blocks; a norm of every token at the end where the architecture's tail is `tokens`."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__()
        self.arch = arch
        self.patch_embed = PatchEmbed(arch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, arch.dim)) if arch.class_token else None
        self.positions: Tensor
        if arch.learned_positions:
            self.positions = nn.Parameter(torch.zeros(1, arch.num_tokens, arch.dim))
        else:
            self.register_buffer("positions", fixed_positions(arch), persistent=False)
        self.pre_norm = nn.LayerNorm(arch.dim, eps=arch.norm_eps) if arch.pre_norm else nn.Identity()
        self.blocks = nn.ModuleList(Block(arch) for _ in range(arch.depth))
        self.norm = nn.LayerNorm(arch.dim, eps=arch.norm_eps) if arch.tail == "tokens" else nn.Identity()

    def embed(self, video: Tensor) -> Tensor:
        """[B, 3, T, H, W], normalised -> [B S, N, C]: what enters the first block; `ValueError` for clips of another shape."""
        check_clips(self.arch, video)
        patches: Tensor = self.patch_embed(video)
        patches = patches.reshape(len(video) * self.arch.sequences, -1, self.arch.dim)
        if self.class_token is not None:
            patches = torch.cat([self.class_token.to(patches.dtype).expand(len(patches), -1, -1), patches], dim=1)
        tokens: Tensor = self.pre_norm(patches + self.positions.to(patches.dtype))
        return tokens

    def encode(self, features: Tensor, reducer: Reducer | None = None, removed: Sequence[int] = ()) -> Encoded:
        """[B S, N, C] -> the last block's tokens; `removed[l]` tokens of each sequence leave in block l (none where it is not given).

        The reducer must not ask for the rollout, which `forward` computes of clips.
        """
        return self._encoded(self._go_on(Tokens(features, None, None), reducer, self._per_block(removed)), features.shape[1])

    def forward(
        self, video: Tensor, reducer: Reducer | None = None, removed: Sequence[int] = (), prefixes: PrefixesOfClips | None = None
    ) -> Encoded:
        """`video` [B, 3, T, H, W], normalised -> `Encoded`. `prefixes` of these clips: blocks that are done there are not done again."""
        check_clips(self.arch, video)
        removed = self._per_block(removed)
        known = None if prefixes is None else prefixes.deepest(reducer, removed[:-1])
        if known is None:
            known = 0, Tokens(self.embed(video), None, None)
            if prefixes is not None:
                prefixes.keep(reducer, (), known[1])
        done, tokens = known
        reached = self._reached(video, prefixes) if reducer is not None and "rollout" in reducer.needs else None
        return self._encoded(self._go_on(tokens, reducer, removed, done, prefixes, reached), self.arch.num_tokens)

    def observe(self, video: Tensor, needs: frozenset[str]) -> Iterator[Attended]:
        """`video` [B, 3, T, H, W], normalised -> what each block sees when nothing is removed; B counts sequences there."""
        features = self.embed(video)
        for block in self.blocks:
            assert isinstance(block, Block)
            features, seen = block.watched(features, needs)
            yield seen

    def rollout(self, video: Tensor) -> Tensor:
        """`video` [B, 3, T, H, W], normalised -> [B S, N] attention rollout of the unreduced model; class tokens have 0."""
        per_clip = len(self.blocks) * self.arch.sequences * self.arch.num_tokens**2
        return torch.cat([self._rollout(some) for some in torch.split(video, max(MAPS // per_clip, 1))])

    def _rollout(self, video: Tensor) -> Tensor:
        *before, last = cast(list[Block], list(self.blocks))
        features, maps = self.embed(video), list[Tensor]()
        for block in before:
            features, seen = block.watched(features, frozenset({"map"}))
            assert seen.map is not None
            maps.append(seen.map)
        maps.append(last.attn.map(last.norm1(features)))  # nothing else of the last block is needed
        return rollout(maps, int(self.arch.class_token))

    def _reached(self, video: Tensor, prefixes: PrefixesOfClips | None) -> Tensor:
        """The rollout of these clips, computed once where there are `prefixes`."""
        if prefixes is not None and (found := prefixes.rollout()) is not None:
            return found
        reached = self.rollout(video)
        if prefixes is not None:
            prefixes.keep_rollout(reached)
        return reached

    def _per_block(self, removed: Sequence[int]) -> tuple[int, ...]:
        return (*removed, *(0,) * (len(self.blocks) - len(removed)))

    def _go_on(
        self,
        tokens: Tokens,
        reducer: Reducer | None,
        removed: Sequence[int],
        done: int = 0,
        prefixes: PrefixesOfClips | None = None,
        reached: Tensor | None = None,
    ) -> Tokens:
        """Through the blocks that are not `done`; after the last one nothing is kept, for no other schedule could go on from there."""
        for layer in range(done, len(self.blocks)):
            tokens = self.blocks[layer](tokens, reducer, removed[layer], layer, reached)
            if prefixes is not None and layer + 1 < len(self.blocks):
                prefixes.keep(reducer, removed[: layer + 1], tokens)
        return tokens

    def _encoded(self, tokens: Tokens, count: int) -> Encoded:
        """The end, for `count` tokens that went into the first block."""
        size = ones(tokens.features) if tokens.size is None else tokens.size
        out: Tensor = self.norm(tokens.features)
        apart = (-1, self.arch.sequences, out.shape[1])
        return Encoded(out.view(*apart, self.arch.dim), size.view(apart), self._source(tokens, count))

    def _source(self, tokens: Tokens, count: int) -> Tensor:
        """[B, P] of `Encoded`, from the rows of each sequence, class token included."""
        left, device = tokens.features.shape[1], tokens.features.device
        rows = tokens.rows
        if rows is None:
            rows = torch.arange(count, device=device).expand(len(tokens.features), -1)
        rows = rows[:, int(self.arch.class_token) :]
        rows = rows.reshape(-1, self.arch.sequences, rows.shape[1])  # [B, S, P / S]
        before = left * torch.arange(self.arch.sequences, device=device)[:, None]
        return torch.where(rows < 0, rows, rows + before).flatten(1)


def check_clips(arch: Architecture, video: Tensor) -> None:
    """`ValueError` for clips that the model was not built for, or that are not normalised yet."""
    if not video.is_floating_point():
        raise ValueError(f"{arch.name}: clips of {video.dtype}; normalised ones, of a floating type, would be accepted")
    expected = (3, arch.frames, arch.image_size, arch.image_size)
    if tuple(video.shape[1:]) != expected:
        accepted = ", ".join(map(str, expected))
        raise ValueError(f"{arch.name}: clips of shape {list(video.shape)}; [batch, {accepted}] would be accepted")


def fixed_positions(arch: PlainArchitecture) -> Tensor:
    """[1, N, C] sinusoids; interpolated over time when they were made for another number of frames."""
    t, h, w = arch.grid
    made_for = t if arch.checkpoint_frames in (-1, arch.frames) else arch.checkpoint_frames // arch.tubelet
    if made_for == t:
        return sinusoid_positions(arch.num_tokens, arch.dim)[None]
    table = sinusoid_positions(made_for * h * w, arch.dim)
    per_place = table.view(made_for, h * w * arch.dim).T[None]  # [1, hwC, T']
    return F.interpolate(per_place, size=t, mode="linear", align_corners=False)[0].T.reshape(1, t * h * w, arch.dim)
