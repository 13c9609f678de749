"""CLIP's text tower under OpenAI's parameter names: causal pre-norm layers, feature of the end token (CLIP, ICML 2021, section 2.4).

Notation: B texts of L ids, C channels, E the width of the joint space.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.encoder import ACTIVATIONS
from tldr_search.backbones.text.batch import TextBatch

NORM_EPS = 1e-5


class _Layer(nn.Module):
    """x += Attention(LN x); x += MLP(LN x)."""

    def __init__(self, dim: int, heads: int, activation: str) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        self.ln_1 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(dim, 4 * dim), "c_proj": nn.Linear(4 * dim, dim)})

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """`x` [B, L, C]; `hidden` [L, L] bool: True where a token may not look."""
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, attn_mask=hidden, need_weights=False)[0]
        out: Tensor = x + self.mlp["c_proj"](self.activation(self.mlp["c_fc"](self.ln_2(x))))
        return out


class CLIPTextEncoder(nn.Module):
    """Token and learned position embeddings, `depth` layers, a norm, the projection of the end token."""

    def __init__(self, arch: TextArchitecture, embed_dim: int, activation: str) -> None:
        """`activation`: as the vision tower's (`gelu` or `quick_gelu`)."""
        super().__init__()
        self.token_embedding = nn.Embedding(arch.vocab_size, arch.dim)
        self.positional_embedding = nn.Parameter(torch.empty(arch.max_positions, arch.dim))
        nn.init.normal_(self.positional_embedding, std=0.01)
        layers = nn.ModuleList(_Layer(arch.dim, arch.heads, activation) for _ in range(arch.depth))
        self.transformer = nn.ModuleDict({"resblocks": layers})
        self.ln_final = nn.LayerNorm(arch.dim, eps=NORM_EPS)
        self.text_projection = nn.Parameter(torch.empty(arch.dim, embed_dim))
        nn.init.normal_(self.text_projection, std=arch.dim**-0.5)

    def forward(self, text: TextBatch) -> Tensor:
        """-> [B, E], not of unit length. The end token has the highest id; what follows it is never seen, so the mask is not needed."""
        length, most = text.ids.shape[1], len(self.positional_embedding)
        if length > most:
            raise ValueError(f"a text of {length} tokens; at most {most} would be accepted")
        x: Tensor = self.token_embedding(text.ids)
        x = x + self.positional_embedding[:length].to(x.dtype)
        hidden = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        layers = self.transformer["resblocks"]
        assert isinstance(layers, nn.ModuleList)
        for layer in layers:
            x = layer(x, hidden)
        end = text.ids.argmax(dim=-1)
        feature: Tensor = self.ln_final(x[torch.arange(len(x), device=x.device), end]) @ self.text_projection
        return feature
