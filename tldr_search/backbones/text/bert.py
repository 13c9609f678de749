"""BERT under the parameter names of the UMT checkpoints: post-norm layers, the last ones of which also look at the video.

Of a text, the first layers need the text alone and the cross-attention needs of a video only its keys and values, so each is computed
once (`TextEncoder.forward`, `TextEncoder.prepare`) and met pair by pair (`TextEncoder.fuse`).

Notation: B texts of L ids, C channels, h heads, d = C / h; V memories (videos, or questions for the decoder) of N tokens.
"""

from __future__ import annotations

from typing import NamedTuple, Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.text.batch import TextBatch

NORM_EPS = 1e-12


class KeysValues(NamedTuple):
    """What an attention looks at."""

    keys: Tensor
    """[V, h, N, d]"""
    values: Tensor
    """[V, h, N, d]"""


class Memory(NamedTuple):
    """What the cross-attentions look at, whatever text is asking."""

    layers: tuple[KeysValues, ...]
    """One for each layer that has a cross-attention."""
    mask: Tensor | None
    """[V, N] bool: False at padding; None where there is none."""

    def at(self, row: int) -> Self:
        """One of the V, as a memory of its own."""
        layers = tuple(KeysValues(layer.keys[row][None], layer.values[row][None]) for layer in self.layers)
        return self._replace(layers=layers, mask=None if self.mask is None else self.mask[row][None])


class _Attention(nn.Module):
    def __init__(self, dim: int, heads: int, source_dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(source_dim, dim)
        self.value = nn.Linear(source_dim, dim)

    def project(self, source: Tensor) -> KeysValues:
        """[V, N, D] -> keys and values."""
        keys, values = (f(source).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.key, self.value))
        return KeysValues(keys, values)

    def forward(self, x: Tensor, seen: KeysValues, mask: Tensor | None) -> Tensor:
        """`x` [B, L, C], of which B / V rows on end look at each of `seen`; `mask` as scaled_dot_product_attention takes it."""
        queries = self.query(x).reshape(len(seen.keys), -1, self.heads, x.shape[-1] // self.heads).transpose(1, 2)
        out = F.scaled_dot_product_attention(queries, seen.keys, seen.values, attn_mask=mask)
        return out.transpose(1, 2).reshape(x.shape)


class _Projection(nn.Module):
    """LayerNorm(residual + Linear(x))."""

    def __init__(self, inner: int, dim: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, dim)
        self.LayerNorm = nn.LayerNorm(dim, eps=NORM_EPS)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        out: Tensor = self.LayerNorm(self.dense(x) + residual)
        return out


class _Attend(nn.Module):
    """LayerNorm(x + Attention(x)), of what is given: itself or a memory."""

    def __init__(self, dim: int, heads: int, source_dim: int) -> None:
        super().__init__()
        self.self = _Attention(dim, heads, source_dim)
        self.output = _Projection(dim, dim)

    def forward(self, x: Tensor, seen: KeysValues, mask: Tensor | None) -> Tensor:
        out: Tensor = self.output(self.self(x, seen, mask), x)
        return out


class _Layer(nn.Module):
    """Self-attention; cross-attention where `cross_dim` (the width of what it looks at) is given; MLP."""

    def __init__(self, dim: int, heads: int, cross_dim: int | None) -> None:
        super().__init__()
        self.attention = _Attend(dim, heads, dim)
        self.crossattention = None if cross_dim is None else _Attend(dim, heads, cross_dim)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(dim, 4 * dim)})
        self.output = _Projection(4 * dim, dim)

    def look(self, source: Tensor) -> KeysValues:
        """[V, N, D] -> what the cross-attention looks at."""
        assert self.crossattention is not None
        return self.crossattention.self.project(source)

    def forward(self, x: Tensor, mask: Tensor, seen: KeysValues | None, seen_mask: Tensor | None) -> Tensor:
        x = self.attention(x, self.attention.self.project(x), mask)
        if self.crossattention is not None:
            assert seen is not None
            x = self.crossattention(x, seen, seen_mask)
        out: Tensor = self.output(F.gelu(self.intermediate["dense"](x)), x)
        return out


class _Embeddings(nn.Module):
    def __init__(self, arch: TextArchitecture) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(arch.vocab_size, arch.dim, padding_idx=0)
        self.position_embeddings = nn.Embedding(arch.max_positions, arch.dim)
        self.token_type_embeddings = nn.Embedding(2, arch.dim)
        self.LayerNorm = nn.LayerNorm(arch.dim, eps=NORM_EPS)

    def forward(self, ids: Tensor) -> Tensor:
        length, most = ids.shape[1], self.position_embeddings.num_embeddings
        if length > most:
            raise ValueError(f"a text of {length} tokens; at most {most} would be accepted (a tokenizer's max_length cuts longer ones)")
        kind = self.token_type_embeddings.weight[0]
        out: Tensor = self.LayerNorm(self.word_embeddings(ids) + self.position_embeddings.weight[:length] + kind)
        return out


class TextEncoder(nn.Module):
    """Embeddings and `depth` post-norm layers; the last `fusion_layers` of them look at memories `cross_dim` wide."""

    def __init__(self, arch: TextArchitecture, cross_dim: int, *, causal: bool = False) -> None:
        """`causal`: a token sees only those before it."""
        super().__init__()
        self.causal = causal
        self.alone = arch.depth - arch.fusion_layers
        self.embeddings = _Embeddings(arch)
        layers = [_Layer(arch.dim, arch.heads, cross_dim if i >= self.alone else None) for i in range(arch.depth)]
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(layers)})

    def forward(self, text: TextBatch) -> Tensor:
        """-> [B, L, C] hidden states after the layers that need the text alone; position 0 ([CLS]) is the feature of the text."""
        x: Tensor = self.embeddings(text.ids)
        mask = self._mask(text.mask)
        for layer in self._layers[: self.alone]:
            x = layer(x, mask, None, None)
        return x

    def prepare(self, source: Tensor, mask: Tensor | None = None) -> Memory:
        """Tokens [V, N, D] of videos (or hidden states of questions, with their mask [V, N]) -> what the fusion layers look at."""
        return Memory(tuple(layer.look(source) for layer in self._layers[self.alone :]), mask)

    def fuse(self, states: Tensor, mask: Tensor, memory: Memory) -> Tensor:
        """Hidden states [B, L, C] of `forward` and the texts' mask [B, L] -> [B, L, C] after the fusion layers.

        B is a multiple of V: the first B / V texts look at the first memory, and so on.
        """
        assert self.alone + len(memory.layers) == len(self._layers)
        rows = len(memory.layers[0].keys) if memory.layers else 1
        if len(states) % rows:
            raise ValueError(f"{len(states)} texts for {rows} memories; a multiple of {rows} would be accepted")
        own, seen_mask = self._mask(mask), None if memory.mask is None else memory.mask[:, None, None, :]
        for layer, seen in zip(self._layers[self.alone :], memory.layers, strict=True):
            states = layer(states, own, seen, seen_mask)
        return states

    @property
    def _layers(self) -> list[_Layer]:
        return cast("list[_Layer]", list(self.encoder["layer"].children()))

    def _mask(self, mask: Tensor) -> Tensor:
        """[B, L] -> [B, 1, 1 or L, L]. The published -10000 at padding underflows to the same zeros."""
        own = mask[:, None, None, :]
        return own & torch.ones(mask.shape[1], mask.shape[1], dtype=torch.bool, device=mask.device).tril() if self.causal else own
