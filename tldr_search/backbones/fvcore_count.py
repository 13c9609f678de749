"""fvcore's own count of the real encoder, to hold the cost model against."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import torch
from fvcore.nn import FlopCountAnalysis
from torch import Tensor, nn

from tldr_search.backbones.architecture import Architecture
from tldr_search.backbones.families import VideoSide, video_side
from tldr_search.reducers import Method, get_method


def _fused_attention(inputs: list[Any], outputs: list[Any]) -> int:
    """Both products of `scaled_dot_product_attention`, for which fvcore counts nothing: B h Nq Nk (d + d')."""
    *batch, queries, width = inputs[0].type().sizes()
    *_, keys, value_width = inputs[2].type().sizes()
    return int(math.prod(batch) * queries * keys * (width + value_width))


class _Traced(nn.Module):
    def __init__(self, model: VideoSide, method: Method, schedule: Sequence[int]) -> None:
        super().__init__()
        self.model, self.method, self.schedule = model, method, schedule

    def forward(self, video: Tensor) -> Tensor:
        out = self.model(video, self.method, self.schedule)
        result: Tensor = out.pooled if out.logits is None else out.logits
        return result


def count_macs(arch: Architecture, method: str | Method = "none", schedule: Sequence[int] = ()) -> int:
    """Multiply-adds of one clip, counted by tracing the model's own forward pass.

    The vision encoder alone is counted: with a VideoMAE's or Swin's classifier and CLIP's projection, without a classifier on top of
    a UMT. Only the patch embedding is computed; all that follows is traced on the meta device, so that the largest model takes a second.
    """
    with torch.device("meta"):
        model = video_side(dataclasses.replace(arch, num_classes=0) if arch.family == "umt" else arch).eval()
    for module in model.modules():
        if isinstance(module, nn.Conv3d):  # a convolution cannot be traced on the meta device
            module.to_empty(device="cpu")
            module.register_forward_hook(lambda module, inputs, patches: patches.to("meta"))
    video = torch.zeros(1, 3, arch.frames, arch.image_size, arch.image_size)
    analysis = FlopCountAnalysis(_Traced(model, get_method(method), schedule), video)
    analysis.set_op_handle("aten::scaled_dot_product_attention", _fused_attention)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    return int(analysis.total())
