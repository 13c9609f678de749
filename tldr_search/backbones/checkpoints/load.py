"""From the name of a model and a checkpoint to a module that is ready to use."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from tldr_search.backbones.architecture import Architecture, PlainArchitecture
from tldr_search.backbones.architectures import PACKAGED, RANDOM, architecture
from tldr_search.backbones.checkpoints.config import check_clip, check_videomae
from tldr_search.backbones.checkpoints.files import Checkpoint, read_checkpoint
from tldr_search.backbones.checkpoints.fill import fill, misfit, of_another_kind, on_meta, unfit
from tldr_search.backbones.checkpoints.layouts import LAYOUTS
from tldr_search.backbones.checkpoints.layouts.clip import OPENAI_CLIP, VIFI_CLIP
from tldr_search.backbones.checkpoints.layouts.hugging_face_clip import HF_CLIP
from tldr_search.backbones.checkpoints.layouts.umt import QUESTION_ANSWERING
from tldr_search.backbones.checkpoints.layouts.videomae import HF_VIDEOMAE
from tldr_search.backbones.checkpoints.misfits import Wanted, guess, is_another, published_like
from tldr_search.backbones.checkpoints.reading import quoted
from tldr_search.backbones.checkpoints.rules import Converted, Layout, convert, recognise, without_prefix
from tldr_search.backbones.checkpoints.tell import tell
from tldr_search.backbones.checkpoints.ways_out import ways_out
from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.families import VideoSide, video_side
from tldr_search.backbones.umt import UMTAnswering, UMTRetrieval, UMTVideo

M = TypeVar("M", bound=nn.Module)
Build = Callable[[Architecture, Layout | None], M]
WORDS = "text_encoder.token_embedding.weight"
POSITIONS = "text_encoder.positional_embedding"


def load_backbone(name: str, checkpoint: Path | str | None = None, **overrides: object) -> VideoSide:
    """A video encoder in eval mode on the CPU, its weights frozen.

    `checkpoint` is a file, a Hugging Face directory or hub id, or "random" for random weights (the same every time). None takes the
    weights that come with the package (umt-mini), and is a `ValueError` for any other model: nothing is ever random unasked.
    `overrides` are fields of the architecture. Of a checkpoint of both towers only the video side is used; of question answering it
    has no `pool_norm`, so that the pooled feature is the plain mean. Whether a CLIP was trained with the exact GELU (open_clip's plain
    `ViT-B-16`) cannot be told from its weights: such a one needs `activation="gelu"`.
    """
    return _load(architecture(name, **overrides), checkpoint, _video_side)


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
    return _load(arch, checkpoint, _both_towers, base, purpose="retrieval")


def load_answering(name: str, checkpoint: Path | str | None = None, **overrides: object) -> UMTAnswering:
    """A UMT with its question answering decoder; as `load_backbone` otherwise."""
    arch = architecture(name, **overrides)
    if arch.family != "umt":
        raise ValueError(f"{name} answers no questions; a model of the umt family would be accepted")
    return _load(arch, checkpoint, lambda arch, _: UMTAnswering(_plain(arch)), purpose="question answering")


def _video_side(arch: Architecture, layout: Layout | None) -> VideoSide:
    if layout is QUESTION_ANSWERING and arch.family == "umt":
        tell(f"{layout.name} has no pool_norm: the pooled feature is the plain mean of the tokens")
        return UMTVideo(_plain(arch), pool_norm=False)
    return video_side(arch)


def _both_towers(arch: Architecture, _: Layout | None) -> UMTRetrieval | CLIPRetrieval:
    return UMTRetrieval(_plain(arch)) if arch.family == "umt" else CLIPRetrieval(_plain(arch))


def _plain(arch: Architecture) -> PlainArchitecture:
    assert isinstance(arch, PlainArchitecture), "every family with a text tower or a config.json is plain"
    return arch


def _load(arch: Architecture, checkpoint: Path | str | None, build: Build[M], base: Path | str | None = None, *, purpose: str = "") -> M:
    if checkpoint == RANDOM:
        if base is not None:
            raise ValueError(f"base={quoted(base)} with random weights; base=None would be accepted")
        return _random(partial(build, arch, None))
    with ExitStack() as stack:
        file = read_checkpoint(_packaged(arch, stack) if checkpoint is None else checkpoint)
    state = without_prefix(file.state)
    layout = recognise(state, LAYOUTS)
    wanted = Wanted(arch, purpose)
    if layout is None or arch.family not in layout.families:
        raise of_another_kind(on_meta(partial(build, arch, None)), file, state, layout, wanted)
    converted = convert(state, layout, file.others)
    if purpose and arch.family in ("clip", "vifi-clip"):
        converted = _with_words(converted, file.origin, base, _plain(arch))
    elif base is not None:
        raise ValueError(f"base={quoted(base)}: {arch.name} needs none; base=None would be accepted")
    model = on_meta(partial(build, arch, layout))
    if problems := unfit(model, converted):
        if not is_another(published_like(layout, converted.tensors, wanted), wanted):
            config = file.config if layout in (HF_VIDEOMAE, HF_CLIP) else None
            problems += ways_out(arch, config, converted, lambda changed: build(changed, layout), text=bool(purpose))
        raise misfit(file.origin, wanted, guess(layout, converted.tensors, wanted), problems)
    _check_config(file, layout, arch, text=bool(purpose))
    _tell_of_kin(file.origin, layout, arch)
    return fill(model, converted)


def _random(make: Callable[[], M]) -> M:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().eval().requires_grad_(False)


def _packaged(arch: Architecture, stack: ExitStack) -> Path:
    if arch.name not in PACKAGED:
        raise ValueError(f"{arch.name} has no packaged weights; checkpoint=PATH, or 'random' for random weights, would be accepted")
    return stack.enter_context(as_file(files("tldr_search.demo") / PACKAGED[arch.name]))


def _check_config(file: Checkpoint, layout: Layout, arch: Architecture, *, text: bool) -> None:
    if file.config is not None and layout is HF_VIDEOMAE:
        check_videomae(file.config, _plain(arch))
    if file.config is not None and layout is HF_CLIP:
        check_clip(file.config, _plain(arch), text=text)


def _tell_of_kin(origin: str, layout: Layout, arch: Architecture) -> None:
    """A CLIP and a ViFi-CLIP fit each other; what was measured then goes by the wrong name."""
    if arch.family == ("clip" if layout is VIFI_CLIP else "vifi-clip" if layout in (OPENAI_CLIP, HF_CLIP) else None):
        other = arch.name.replace(arch.family, layout.families[0])
        tell(f"checkpoint {quoted(origin)} is {layout.name}, you asked for {arch.name}: it computes what {other} would")


def _with_words(converted: Converted, origin: str, base: Path | str | None, arch: PlainArchitecture) -> Converted:
    """With the token embeddings of `base` where the file has none."""
    if WORDS in converted.tensors:
        if base is not None:
            raise ValueError(
                f"base={quoted(base)}: checkpoint {quoted(origin)} has token embeddings of its own; base=None would be accepted"
            )
        return converted
    if base is None:
        raise ValueError(
            f"checkpoint {quoted(origin)} has no token embeddings, as usual for ViFi-CLIP; base=PATH of the CLIP that it was trained from "
            "(OpenAI's file, a state dict, a Hugging Face directory or hub id) would be accepted"
        )
    state = without_prefix(read_checkpoint(base).state)
    layout = recognise(state, LAYOUTS)
    found = convert(state, layout) if layout else None
    if layout is None or found is None or WORDS not in found.tensors:
        looks = f"; this looks like {layout.name}" if layout else ""
        raise ValueError(f"base={quoted(base)} has no token embeddings of a CLIP{looks}; a CLIP checkpoint would be accepted")
    _check_words(found, base, converted, origin, arch)
    return converted._replace(tensors=converted.tensors | {WORDS: found.tensors[WORDS]}, sources=converted.sources | {WORDS: WORDS})


def _check_words(found: Converted, base: Path | str, converted: Converted, origin: str, arch: PlainArchitecture) -> None:
    """`ValueError` that names `base`, not the checkpoint, if it does not belong to the checkpoint's text tower."""
    assert arch.text is not None
    positions = converted.tensors.get(POSITIONS)
    width = positions.shape[1] if positions is not None and positions.ndim == 2 else arch.text.dim
    shape = [arch.text.vocab_size, width]
    what = found.odd.get(WORDS) or f"is {list(found.tensors[WORDS].shape)} where {shape} is expected"
    if WORDS in found.odd or list(found.tensors[WORDS].shape) != shape:
        raise ValueError(
            f"base={quoted(base)} does not fit checkpoint {quoted(origin)}: its {WORDS} {what}; "
            "the CLIP that it was trained from would be accepted"
        )
