"""A BERT-shaped text tower under the parameter names of the UMT checkpoints: post-norm layers, feature of [CLS].

Notation: B texts, L token ids, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.architectures import TextArchitecture

NORM_EPS = 1e-12


class TextBatch(NamedTuple):
    """Tokenised texts."""

    ids: Tensor
    """[B, L] int64"""
    mask: Tensor
    """[B, L] bool: False at padding."""


class WordTokenizer:
    """Whole words of a closed vocabulary, framed as UMT frames its captions: `[CLS] w1 ... wn`, no trailing [SEP]."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = {word: i for i, word in enumerate(vocabulary)}

    def __call__(self, texts: Sequence[str]) -> TextBatch:
        """Lower-cases, drops `?`, splits at white space; `ValueError` for a word outside the vocabulary."""
        rows = [[self._ids["[CLS]"], *(self._id(w, t) for w in t.lower().replace("?", "").split())] for t in texts]
        length = max(map(len, rows))
        pad = self._ids["[PAD]"]
        ids = torch.tensor([row + [pad] * (length - len(row)) for row in rows])
        return TextBatch(ids, ids != pad)

    def _id(self, word: str, text: str) -> int:
        if word not in self._ids:
            raise ValueError(f"{word!r} in {text!r} is not in the vocabulary of this model ({len(self._ids)} words)")
        return self._ids[word]


class _SelfAttention(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.query, self.key, self.value))
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :]).transpose(1, 2).flatten(2)


class _Projection(nn.Module):
    """LayerNorm(residual + Linear(x))."""

    def __init__(self, inner: int, dim: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, dim)
        self.LayerNorm = nn.LayerNorm(dim, eps=NORM_EPS)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        out: Tensor = self.LayerNorm(self.dense(x) + residual)
        return out


class _Layer(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"self": _SelfAttention(dim, heads), "output": _Projection(dim, dim)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(dim, 4 * dim)})
        self.output = _Projection(4 * dim, dim)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.attention["output"](self.attention["self"](x, mask), x)
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
        positions = torch.arange(ids.shape[1], device=ids.device)
        kind = self.token_type_embeddings.weight[0]
        out: Tensor = self.LayerNorm(self.word_embeddings(ids) + self.position_embeddings(positions) + kind)
        return out


class _Layers(nn.Module):
    def __init__(self, arch: TextArchitecture) -> None:
        super().__init__()
        self.layer = nn.ModuleList(_Layer(arch.dim, arch.heads) for _ in range(arch.depth))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        for layer in self.layer:
            x = layer(x, mask)
        return x


class TextEncoder(nn.Module):
    """Embeddings and `depth` post-norm layers."""

    def __init__(self, arch: TextArchitecture) -> None:
        super().__init__()
        self.embeddings = _Embeddings(arch)
        self.encoder = _Layers(arch)

    def forward(self, text: TextBatch) -> Tensor:
        """-> [B, L, C] hidden states; position 0 ([CLS]) is the feature of the text."""
        states: Tensor = self.encoder(self.embeddings(text.ids), text.mask)
        return states
