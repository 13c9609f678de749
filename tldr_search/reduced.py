"""A video encoder with a schedule of its own, from the names of a model, a checkpoint and a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import overload

from torch import Tensor, nn

from tldr_search.backbones import checkpoints
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.chosen import settled
from tldr_search.backbones.families import VideoSide
from tldr_search.backbones.output import Output
from tldr_search.cost import CostModel
from tldr_search.reducers import Method, get_method
from tldr_search.winners import Scheduled, is_file, read


class Reduced(nn.Module):
    """A backbone that always removes the same number of tokens in each layer."""

    def __init__(self, backbone: VideoSide, method: str | Method, schedule: Scheduled) -> None:
        """`schedule`: numbers, or a `best.yaml`, of which `none` takes the best method; `ValueError` if it is impossible for the model."""
        super().__init__()
        chosen = settled(backbone.arch, method, schedule)
        cost = CostModel(backbone.arch, chosen.method)
        self.backbone = backbone
        self.model = backbone.arch.name
        """Name of its architecture."""
        self.method = cost.method.spec
        """How tokens are reduced."""
        self.schedule = cost.method.full(chosen.schedule, cost.geometry)
        """Tokens removed, one entry per slot of the method."""
        self.gflops = cost(self.schedule).gflops
        """Per clip, as fvcore counts them."""
        self.train(backbone.training)

    @property
    def clip_shape(self) -> tuple[int, int, int, int]:
        """(3, T, H, W) of a clip."""
        arch = self.backbone.arch
        return 3, arch.frames, arch.image_size, arch.image_size

    def forward(self, video: Tensor) -> Output:
        """`video` [B, 3, T, H, W], normalised -> `Output`."""
        out: Output = self.backbone(video, self.method, self.schedule)
        return out


@overload
def load_backbone(
    name: str, checkpoint: Path | str | None = None, method: None = None, schedule: None = None, **overrides: object
) -> VideoSide: ...


@overload
def load_backbone(
    name: str, checkpoint: Path | str | None = None, method: str | Method | None = None, *, schedule: Scheduled, **overrides: object
) -> Reduced: ...


@overload
def load_backbone(
    name: Path, checkpoint: Path | str | None = None, method: str | Method | None = None, schedule: None = None, **overrides: object
) -> Reduced: ...


def load_backbone(
    name: Path | str,
    checkpoint: Path | str | None = None,
    method: str | Method | None = None,
    schedule: Scheduled | None = None,
    **overrides: object,
) -> VideoSide | Reduced:
    """A video encoder in eval mode on the CPU, its weights frozen; with a schedule it is a `Reduced`, which takes clips alone.

    `checkpoint` is a file, a Hugging Face directory or hub id, or "random" for random weights (the same every time). None takes the
    weights that come with the package (umt-mini), and is a `ValueError` for any other model: nothing is ever random unasked.
    `schedule` is numbers, with their `method`, or the `best.yaml` of a study, of which the best method is taken if there is no other;
    such a file in the place of `name` gives the model that the study evaluated, with its schedule. `overrides` are fields of the
    architecture.

    Of a checkpoint of both towers only the video side is used; of question answering it has no `pool_norm`, so that the pooled feature
    is the plain mean. Whether a CLIP was trained with the exact GELU (open_clip's plain `ViT-B-16`) cannot be told from its weights:
    such a one needs `activation="gelu"`.
    """
    if is_file(name):
        if schedule is not None:
            raise ValueError(f"{str(name)!r} and schedule {schedule!r}; one of them would be accepted")
        found = read(name)
        name, schedule, overrides = found.model, name, {**found.evaluated_overrides, **overrides}
    elif method is not None and schedule is None:
        raise ValueError(f"method {method!r} without a schedule; schedule=(600, 200, 100) or schedule='best.yaml' would be accepted")
    if schedule is None:
        return checkpoints.load_backbone(str(name), checkpoint, **overrides)
    arch = architecture(str(name), **overrides)
    chosen = settled(arch, method or "none", schedule)
    get_method(chosen.method).full(chosen.schedule, arch.geometry)  # a mistake is told before weights are read
    return Reduced(checkpoints.load_backbone(arch.name, checkpoint, **overrides), *chosen)
