"""VideoMAE fine-tuned classifiers: the encoder, the norm of its mean token, a linear head."""

from __future__ import annotations

from torch import Tensor, nn

from tldr_search.backbones.architecture import PlainArchitecture
from tldr_search.backbones.encoder import VideoEncoder
from tldr_search.backbones.output import Output, reduction
from tldr_search.backbones.prefixes import PrefixesOfClips
from tldr_search.reducers import Method
from tldr_search.winners import Scheduled


class VideoMAE(nn.Module):
    """Encoder without a final norm, `fc_norm` of the mean token, `head`."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__()
        if arch.num_classes < 1:
            raise ValueError(f"{arch.name}: num_classes={arch.num_classes}; a whole number from 1 would be accepted")
        self.arch = arch
        self.encoder = VideoEncoder(arch)
        self.fc_norm = nn.LayerNorm(arch.dim, eps=arch.norm_eps)
        self.head = nn.Linear(arch.dim, arch.num_classes)

    def forward(
        self, video: Tensor, method: str | Method = "none", schedule: Scheduled = (), prefixes: PrefixesOfClips | None = None
    ) -> Output:
        """`video` [B, 3, T, H, W], normalised -> `Output`; `prefixes` of these clips: what is there is not computed again.

        `ValueError` if the schedule is impossible.
        """
        encoded = self.encoder(video, *reduction(self.arch, method, schedule), prefixes)
        pooled = self.fc_norm(encoded.tokens.mean(dim=(1, 2)))
        return Output(encoded.tokens.flatten(1, 2), encoded.size.flatten(1), pooled, self.head(pooled), encoded.source)
