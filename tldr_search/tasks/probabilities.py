"""From clips to the probabilities of classes, by a model's own head or by the similarity with prompts.

Notation: B videos of V views, C classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.output import Output


def own_logits(output: Output) -> Tensor:
    """[views, C] float32 of the model's head."""
    assert output.logits is not None
    return output.logits.float()


def prompt_logits(model: CLIPRetrieval, output: Output, prompts: Tensor) -> Tensor:
    """`prompts` [C, E] unit vectors -> [views, C] float32, also under autocast."""
    with torch.autocast(output.pooled.device.type, enabled=False):
        return model.classify(model.embed_video(output.pooled.float()), prompts)


def probabilities(logits: Tensor, competing: Tensor | None = None) -> Tensor:
    """Logits [B, V, C] -> [B, C] float32 on the CPU: softmax of each view, mean over views (VideoMAE, mmaction2, ViFi-CLIP).

    Computed in float64, as VideoMAE's released code does.
    `competing` [B, C] bool: the classes that a video is told apart among; the others get 0.
    """
    logits = logits.cpu().double()
    if competing is not None:
        logits = logits.masked_fill(~competing[:, None], -torch.inf)
    return logits.softmax(dim=-1).mean(dim=1).float()
