"""From the name of a model and a checkpoint to a module that is ready to use."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import cast

import torch
from torch import nn

from tldr_search.backbones.architecture import Architecture, PlainArchitecture
from tldr_search.backbones.architectures import PACKAGED, RANDOM, architecture
from tldr_search.backbones.checkpoints.config import check_clip, check_videomae
from tldr_search.backbones.checkpoints.files import Checkpoint, read_checkpoint
from tldr_search.backbones.checkpoints.fill import fill, of_another_kind, on_meta
from tldr_search.backbones.checkpoints.layouts import LAYOUTS
from tldr_search.backbones.checkpoints.layouts.hugging_face_clip import HF_CLIP
from tldr_search.backbones.checkpoints.layouts.umt import QUESTION_ANSWERING
from tldr_search.backbones.checkpoints.layouts.videomae import HF_VIDEOMAE
from tldr_search.backbones.checkpoints.misfits import Wanted
from tldr_search.backbones.checkpoints.rules import Converted, Layout, convert, recognise, without_prefix
from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.families import VideoSide, video_side
from tldr_search.backbones.umt import UMTAnswering, UMTRetrieval, UMTVideo

WORDS = "text_encoder.token_embedding.weight"


def load_backbone(name: str, checkpoint: Path | str | None = None, **overrides: object) -> VideoSide:
    """A video encoder in eval mode on the CPU, its weights frozen.

    `checkpoint` is a file, a Hugging Face directory or hub id, or "random" for random weights (the same every time). None takes the
    weights that come with the package (umt-mini), and is a `ValueError` for any other model: nothing is ever random unasked.
    `overrides` are fields of the architecture. Of a checkpoint of both towers only the video side is used; of question answering it
    has no `pool_norm`, so that the pooled feature is the plain mean. Whether a CLIP was trained with the exact GELU (open_clip's plain
    `ViT-B-16`) cannot be told from its weights: such a one needs `activation="gelu"`.
    """
    arch = architecture(name, **overrides)
    return cast("VideoSide", _load(arch, checkpoint, _video_side))


def load_retrieval(
    name: str, checkpoint: Path | str | None = None, base: Path | str | None = None, **overrides: object
) -> UMTRetrieval | CLIPRetrieval:
    """Both towers of a UMT, a CLIP or a ViFi-CLIP; as `load_backbone` otherwise.

    ViFi-CLIP's checkpoints come without the token embeddings; they are taken from `base`, the CLIP that it was trained from, in any of
    the forms of a CLIP.
    """
    arch = architecture(name, **overrides)
    if arch.text is None:
        raise ValueError(f"{name} has no text tower; a model of the umt, clip or vifi-clip family would be accepted")
    build = UMTRetrieval if arch.family == "umt" else CLIPRetrieval
    return cast("UMTRetrieval | CLIPRetrieval", _load(arch, checkpoint, lambda arch, _: build(arch), base, purpose="retrieval"))


def load_answering(name: str, checkpoint: Path | str | None = None, **overrides: object) -> UMTAnswering:
    """A UMT with its question answering decoder; as `load_backbone` otherwise."""
    arch = architecture(name, **overrides)
    if arch.family != "umt":
        raise ValueError(f"{name} answers no questions; a model of the umt family would be accepted")
    return cast("UMTAnswering", _load(arch, checkpoint, lambda arch, _: UMTAnswering(arch), purpose="question answering"))


Build = Callable[[PlainArchitecture, Layout | None], nn.Module]


def _video_side(arch: Architecture, layout: Layout | None) -> nn.Module:
    if layout is QUESTION_ANSWERING and arch.family == "umt":
        warnings.warn(f"{layout.name} has no pool_norm: the pooled feature is the plain mean of the tokens", UserWarning, stacklevel=2)
        return UMTVideo(cast("PlainArchitecture", arch), pool_norm=False)
    return video_side(arch)


def _load(
    arch: Architecture, checkpoint: Path | str | None, build: Build, base: Path | str | None = None, *, purpose: str = ""
) -> nn.Module:
    make = partial(build, cast("PlainArchitecture", arch))
    if checkpoint == RANDOM:
        if base is not None:
            raise ValueError(f"base={str(base)!r} with random weights; base=None would be accepted")
        return _random(make)
    with ExitStack() as stack:
        file = read_checkpoint(_packaged(arch, stack) if checkpoint is None else checkpoint)
    state = without_prefix(file.state)
    layout = recognise(state, LAYOUTS)
    wanted = Wanted(arch, purpose)
    if layout is None or arch.family not in layout.families:
        raise of_another_kind(on_meta(lambda: make(None)), state, file.origin, layout, wanted)
    _check_config(file, layout, cast("PlainArchitecture", arch), text=bool(purpose))
    converted = convert(state, layout)
    if purpose and arch.family in ("clip", "vifi-clip"):
        converted = _with_words(converted, file.origin, base)
    elif base is not None:
        raise ValueError(f"base={str(base)!r}: {arch.name} needs none; base=None would be accepted")
    return fill(on_meta(lambda: make(layout)), converted, file.origin, layout, wanted)


def _random(make: Callable[[Layout | None], nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make(None).eval().requires_grad_(False)


def _packaged(arch: Architecture, stack: ExitStack) -> Path:
    if arch.name not in PACKAGED:
        raise ValueError(f"{arch.name} has no packaged weights; checkpoint=PATH, or 'random' for random weights, would be accepted")
    return stack.enter_context(as_file(files("tldr_search.demo") / PACKAGED[arch.name]))


def _check_config(file: Checkpoint, layout: Layout, arch: PlainArchitecture, *, text: bool) -> None:
    if file.config is not None and layout is HF_VIDEOMAE:
        check_videomae(file.config, arch)
    if file.config is not None and layout is HF_CLIP:
        check_clip(file.config, arch, text=text)


def _with_words(converted: Converted, origin: str, base: Path | str | None) -> Converted:
    """With the token embeddings of `base` where the file has none."""
    if WORDS in converted.tensors:
        if base is not None:
            raise ValueError(f"base={str(base)!r}: checkpoint {origin!r} has token embeddings of its own; base=None would be accepted")
        return converted
    if base is None:
        raise ValueError(
            f"checkpoint {origin!r} has no token embeddings, as usual for ViFi-CLIP; base=PATH of the CLIP that it was trained from "
            "(OpenAI's file, a state dict, a Hugging Face directory or hub id) would be accepted"
        )
    state = without_prefix(read_checkpoint(base).state)
    layout = recognise(state, LAYOUTS)
    words = convert(state, layout).tensors.get(WORDS) if layout else None
    if words is None:
        looks = f"; this looks like {layout.name}" if layout else ""
        raise ValueError(f"base={str(base)!r} has no token embeddings of a CLIP{looks}; a CLIP checkpoint would be accepted")
    return converted._replace(tensors=converted.tensors | {WORDS: words}, sources=converted.sources | {WORDS: WORDS})
