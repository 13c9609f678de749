"""CLIP and ViFi-CLIP: every frame is encoded as an image, a clip is the mean of its frames (ViFi-CLIP, CVPR 2023, section 3.2).

The mean is taken of the projected class tokens before they are made unit vectors.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.architecture import PlainArchitecture
from tldr_search.backbones.encoder import Encoded, VideoEncoder
from tldr_search.backbones.output import Output, reduction
from tldr_search.backbones.prefixes import PrefixesOfClips
from tldr_search.backbones.text import TextBatch
from tldr_search.backbones.text.clip import CLIPTextEncoder
from tldr_search.reducers import Method
from tldr_search.winners import Scheduled


class VisionTower(nn.Module):
    """The encoder, the norm of each frame's class token, and its projection."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__()
        self.encoder = VideoEncoder(arch)
        self.norm = nn.LayerNorm(arch.dim, eps=arch.norm_eps)
        self.proj = nn.Linear(arch.dim, arch.embed_dim, bias=False)

    def pool(self, encoded: Encoded) -> Tensor:
        """-> [B, E]: mean over frames."""
        frames: Tensor = self.proj(self.norm(encoded.tokens[:, :, 0]))
        return frames.mean(dim=1)


class CLIPVideo(nn.Module):
    """The video side alone."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__()
        self.arch = arch
        self.vision_encoder = VisionTower(arch)

    def forward(
        self, video: Tensor, method: str | Method = "none", schedule: Scheduled = (), prefixes: PrefixesOfClips | None = None
    ) -> Output:
        """`video` [B, 3, T, H, W], normalised -> `Output`; r of the schedule counts tokens of each frame.

        `prefixes` of these clips: what is there is not computed again. `ValueError` if the schedule is impossible.
        """
        encoded = self.vision_encoder.encoder(video, *reduction(self.arch, method, schedule), prefixes)
        pooled = self.vision_encoder.pool(encoded)
        return Output(encoded.tokens.flatten(1, 2), encoded.size.flatten(1), pooled, None, encoded.source)


class CLIPRetrieval(CLIPVideo):
    """Both towers."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__(arch)
        assert arch.text is not None
        self.text_encoder = CLIPTextEncoder(arch.text, arch.embed_dim, arch.activation)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def embed_video(self, pooled: Tensor) -> Tensor:
        """[B, E] -> [B, E] unit vectors."""
        return F.normalize(pooled, dim=-1)

    def embed_text(self, text: TextBatch) -> Tensor:
        """-> [B, E] unit vectors."""
        return F.normalize(self.text_encoder(text), dim=-1)

    def classify(self, video: Tensor, prompts: Tensor) -> Tensor:
        """Unit vectors of clips [B, E] and of one prompt per class [classes, E] -> logits [B, classes]."""
        return self.logit_scale.exp() * video @ prompts.T
