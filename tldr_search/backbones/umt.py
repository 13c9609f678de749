"""UMT: a video encoder with a pooled feature, and the text tower beside it, under the published parameter names."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.architectures import Architecture
from tldr_search.backbones.encoder import VideoEncoder
from tldr_search.backbones.output import Output, reduction
from tldr_search.backbones.text import TextBatch, TextEncoder
from tldr_search.reducers import Method
from tldr_search.reducers.reducer import Reducer
from tldr_search.schedule import Schedule


class VisionTower(nn.Module):
    """The encoder and the norm of its mean token."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.encoder = VideoEncoder(arch, final_norm=True)
        self.pool_norm = nn.LayerNorm(arch.dim, eps=arch.norm_eps)

    def pool(self, tokens: Tensor) -> Tensor:
        """[B, K, C] -> [B, C]: plain mean, not weighted by size, then the norm (UMT; keep_temporal off)."""
        pooled: Tensor = self.pool_norm(tokens.mean(dim=1))
        return pooled


class UMTVideo(nn.Module):
    """The video side alone, under the names it has in a full checkpoint; a linear classifier where the row asks for one."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.arch = arch
        self.vision_encoder = VisionTower(arch)
        self.head = nn.Linear(arch.dim, arch.num_classes) if arch.num_classes else None

    def forward(self, video: Tensor, method: str | Method = "none", schedule: Sequence[int] = ()) -> Output:
        """`video` [B, 3, T, H, W], normalised -> `Output`; `ValueError` if the schedule is impossible."""
        return _look(self.vision_encoder, self.head, video, *reduction(self.arch, method, schedule))


class UMTRetrieval(nn.Module):
    """Both towers and their projections into the joint space; a linear classifier where the row asks for one."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        assert arch.text is not None
        self.arch = arch
        self.vision_encoder = VisionTower(arch)
        self.text_encoder = TextEncoder(arch.text)
        self.vision_proj = nn.Linear(arch.dim, arch.embed_dim)
        self.text_proj = nn.Linear(arch.text.dim, arch.embed_dim)
        self.temp = nn.Parameter(torch.tensor(0.07))
        self.head = nn.Linear(arch.dim, arch.num_classes) if arch.num_classes else None

    def forward(self, video: Tensor, method: str | Method = "none", schedule: Sequence[int] = ()) -> Output:
        """As that of `UMTVideo`."""
        return _look(self.vision_encoder, self.head, video, *reduction(self.arch, method, schedule))

    def embed_video(self, pooled: Tensor) -> Tensor:
        """[B, C] -> [B, E] unit vectors."""
        return F.normalize(self.vision_proj(pooled), dim=-1)

    def embed_text(self, text: TextBatch) -> Tensor:
        """-> [B, E] unit vectors, from the hidden state of [CLS]."""
        return F.normalize(self.text_proj(self.text_encoder(text)[:, 0]), dim=-1)


def _look(tower: VisionTower, head: nn.Linear | None, video: Tensor, reducer: Reducer | None, removed: Schedule) -> Output:
    encoded = tower.encoder(video, reducer, removed)
    pooled = tower.pool(encoded.tokens)
    return Output(encoded.tokens, encoded.size, pooled, None if head is None else head(pooled), encoded.source)
