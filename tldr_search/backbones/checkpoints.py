"""Weights from files: official checkpoints, under their own parameter names.

Only tensors are ever read; a file that would run code is refused. Every key of a file is used or is on the list of what its
family is known to carry besides; otherwise one error lists every key that is missing, unexpected or of another shape.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from tldr_search.backbones.architectures import PACKAGED, RANDOM, Architecture, architecture
from tldr_search.backbones.umt import UMTRetrieval, UMTVideo
from tldr_search.backbones.videomae import VideoMAE

State = dict[str, Tensor]
CONTAINERS = ("model", "module", "state_dict")
"""Where training scripts put the weights in a file, in the order in which they are looked up."""


_CONFIGS = ("utils.easydict.EasyDict", "easydict.EasyDict", "yacs.config.CfgNode", "argparse.Namespace")
"""Configuration objects beside the weights in published files; read as plain mappings, their own classes are never looked up."""


def read_state(path: Path | str) -> State:
    """Parameters of a `.safetensors` file or of anything `torch.save` wrote; floats come as float32, on the CPU.

    `ValueError` if the file is missing, unreadable, holds more than tensors, or no parameters.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"checkpoint {str(path)!r}: no such file")
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    state = _unwrap(content)
    if not state:
        accepted = f"a mapping of names to tensors, alone or under {', '.join(CONTAINERS)}, would be accepted"
        raise ValueError(f"checkpoint {str(path)!r} holds no parameters; {accepted}")
    return {name: value.float() if value.is_floating_point() else value for name, value in state.items()}


def _read_safetensors(path: Path) -> object:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"checkpoint {str(path)!r} is no readable safetensors file: {error}") from error


def _read_torch(path: Path) -> object:
    try:
        with torch.serialization.safe_globals([(OrderedDict, name) for name in _CONFIGS]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"checkpoint {str(path)!r} holds more than tensors and is not loaded, because that could run code; "
            f"a file with the weights alone (torch.save of a state dict, or .safetensors) would be accepted"
        ) from error
    except (RuntimeError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"checkpoint {str(path)!r} is no readable torch file: {error}") from error


def _unwrap(content: object) -> State:
    """The parameters in what a file holds; empty if there are none."""
    if not isinstance(content, Mapping):
        return {}
    for key in CONTAINERS:
        if isinstance(content.get(key), Mapping):
            return _unwrap(content[key])
    tensors = {name: value for name, value in content.items() if isinstance(value, Tensor)}
    return tensors if len(tensors) == len(content) else {}


class Family(NamedTuple):
    """How the checkpoints of a family name things."""

    build: Callable[[Architecture], nn.Module]
    """The module that is filled."""
    rename: Callable[[str], str]
    """Name in the file -> name in the module."""
    unused: str
    """Regular expression: keys that are known to be there besides and of no use to the module."""


def _plain(name: str) -> str:
    return name.removeprefix("module.")


def _without_bert(name: str) -> str:
    """Pretraining checkpoints have the text tower inside a language model."""
    return _plain(name).replace("text_encoder.bert.", "text_encoder.", 1)


def _videomae(name: str) -> str:
    name = _plain(name).removeprefix("backbone.").removeprefix("encoder.")
    return name if name.startswith(("fc_norm.", "head.")) else f"encoder.{name}"


_UMT_BESIDES = r"clip_teacher\..*|vision_encoder\.clip_decoder\..*|itm_head\..*|head\..*"
FAMILIES: dict[str, Family] = {
    "umt": Family(UMTVideo, _plain, rf"{_UMT_BESIDES}|(text_encoder|text_decoder|vision_proj|text_proj)\..*|temp"),
    "videomae": Family(VideoMAE, _videomae, r"(?!)"),
}
_RETRIEVAL = Family(UMTRetrieval, _without_bert, rf"{_UMT_BESIDES}|text_encoder\.(cls\..*|embeddings\.position_ids|encoder\.layer\..*)")


def load_backbone(name: str, checkpoint: Path | str | None = None, **overrides: object) -> UMTVideo | VideoMAE:
    """A video encoder in eval mode on the CPU, its weights frozen.

    `checkpoint` is a file, or "random" for random weights (the same every time). None takes the weights that come with the
    package (umt-mini), and is a `ValueError` for any other model: nothing is ever random unasked. `overrides` are fields of
    `Architecture`. Of a full UMT checkpoint only the video side is used.
    """
    arch = architecture(name, **overrides)
    model = _load(FAMILIES[arch.family], arch, checkpoint)
    assert isinstance(model, UMTVideo | VideoMAE)
    return model


def load_retrieval(name: str, checkpoint: Path | str | None = None, **overrides: object) -> UMTRetrieval:
    """Both towers of a UMT and their projections; as `load_backbone` otherwise.

    Of a full checkpoint the layers that look at video and text together are not used.
    """
    arch = architecture(name, **overrides)
    if arch.text is None:
        raise ValueError(f"{name} has no text tower; a model of the umt family would be accepted")
    model = _load(_RETRIEVAL, arch, checkpoint)
    assert isinstance(model, UMTRetrieval)
    return model


def _load(family: Family, arch: Architecture, checkpoint: Path | str | None) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = family.build(arch).eval().requires_grad_(False)
    if checkpoint == RANDOM:
        return model
    if checkpoint is not None:
        return fill(model, read_state(checkpoint), family, str(checkpoint), arch)
    if arch.name not in PACKAGED:
        raise ValueError(f"{arch.name} has no packaged weights; checkpoint=PATH, or 'random' for random weights, would be accepted")
    with as_file(files("tldr_search.demo") / PACKAGED[arch.name]) as path:
        return fill(model, read_state(path), family, path.name, arch)


def fill(model: nn.Module, state: Mapping[str, Tensor], family: Family, origin: str, arch: Architecture) -> nn.Module:
    """`model` with the parameters of `state`; one `ValueError` with every key that does not fit."""
    expected = model.state_dict()
    renamed = {family.rename(name): value for name, value in state.items()}
    used = {name: value for name, value in renamed.items() if name in expected}
    problems = [f"missing {name}" for name in expected if name not in used]
    problems += [f"unexpected {name}" for name in renamed if name not in used and not re.fullmatch(family.unused, name)]
    problems += [
        f"{name} is {list(value.shape)} where {list(expected[name].shape)} is expected"
        for name, value in used.items()
        if value.shape != expected[name].shape
    ]
    if problems:
        raise ValueError(f"checkpoint {origin!r} does not fit {arch.name} (dim {arch.dim}, depth {arch.depth}): {'; '.join(problems)}")
    model.load_state_dict(used)
    return model
