"""Video-text retrieval by the similarity of the two towers' features."""

from __future__ import annotations

import torch
from torch import Tensor

from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.output import Output
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.metrics import rank_metrics, text_to_video_ranks, video_to_text_ranks
from tldr_search.tasks.outcome import Outcome
from tldr_search.tasks.task import Task


class RetrievalTask(Task):
    """Ranks every video for every text and every text for every video."""

    model: UMTRetrieval | CLIPRetrieval
    text: Tensor
    video_of_text: Tensor

    def __init__(self, model: UMTRetrieval | CLIPRetrieval, text: Tensor, video_of_text: Tensor) -> None:
        """Features `text` [M, E] of unit length, computed once; `video_of_text` [M] int64, the video that each describes."""
        super().__init__(model)
        self.register_buffer("text", text, persistent=False)
        self.register_buffer("video_of_text", video_of_text, persistent=False)

    def row(self, output: Output) -> Tensor:
        """Cosine similarity with every text, in float32 also under autocast: rounding would make ties."""
        with torch.autocast(output.pooled.device.type, enabled=False):
            return self.model.embed_video(output.pooled.float()) @ self.text.T

    def score(self, rows: Tensor) -> Outcome:
        """R@1, 5, 10, median and mean rank, both ways."""
        owner = self.video_of_text.cpu()
        t2v, v2t = text_to_video_ranks(rows, owner), video_to_text_ranks(rows, owner)
        return Outcome({**rank_metrics(t2v, "t2v"), **rank_metrics(v2t, "v2t")}, {"t2v": t2v, "v2t": v2t})
