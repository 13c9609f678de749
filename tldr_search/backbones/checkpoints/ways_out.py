"""What overrides would make a checkpoint fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from tldr_search.backbones.architecture import Architecture, PlainArchitecture, TextArchitecture
from tldr_search.backbones.checkpoints.config import ACTIVATIONS, overridden, read_object, text_of, vision_of
from tldr_search.backbones.checkpoints.fill import on_meta, unfit
from tldr_search.backbones.checkpoints.rules import Converted

_ENCODER = {"dim": "hidden_size", "depth": "num_hidden_layers", "heads": "num_attention_heads", "patch_size": "patch_size"}
_VIDEO = {"tubelet": "tubelet_size", "frames": "num_frames", "image_size": "image_size"}
_TEXT = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "max_position_embeddings")
_ORDER = ("dim", "depth", "heads", "mlp_ratio", "patch_size", "tubelet", "num_classes", "embed_dim", "frames", "image_size")


def ways_out(
    arch: Architecture, config: Path | None, converted: Converted, build: Callable[[Architecture], nn.Module], *, text: bool
) -> list[str]:
    """At most one clause: all overrides that the file's config.json asks for if they are enough, else the number of classes if it differs.

    `config`: of a Hugging Face VideoMAE or CLIP.
    """
    if config is not None and isinstance(arch, PlainArchitecture):
        fields = _of_config(config, arch, converted.tensors, text=text)
        if fields and _fits(arch, fields, converted, build):
            return [f"{', '.join(f'{name}={value!r}' for name, value in fields.items())} would be accepted (its config.json)"]
    classes = _rows(converted.tensors, "head.weight")
    return [f"num_classes={classes} would be accepted"] if classes and arch.num_classes not in (0, classes) else []


def _fits(arch: Architecture, fields: Mapping[str, Any], converted: Converted, build: Callable[[Architecture], nn.Module]) -> bool:
    """What is said to be accepted is tried."""
    try:
        changed = arch.override(**fields)
        return not unfit(on_meta(lambda: build(changed)), converted)
    except (ValueError, TypeError):  # config.json says something impossible
        return False


def _of_config(path: Path, arch: PlainArchitecture, tensors: Mapping[str, Tensor], *, text: bool) -> dict[str, Any]:
    """Fields in which the file differs from `arch`; none if its config.json cannot be read."""
    try:
        config = read_object(path)
    except ValueError:  # that the shapes do not fit is the error; this is only on the way out of it
        return {}
    fields = _videomae(config, arch) if arch.family == "videomae" else _clip(config, text=text)
    sizes = {"num_classes": _rows(tensors, "head.weight"), "embed_dim": _rows(tensors, "vision_encoder.proj.weight")}
    fields |= {name: rows for name, rows in sizes.items() if rows}
    order = [name for name in _ORDER if name in fields] + [name for name in fields if name not in _ORDER]
    return {name: fields[name] for name in order if fields[name] != getattr(arch, name)}


def _encoder(config: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    fields = {ours: config[theirs] for ours, theirs in names.items() if theirs in config}
    hidden, width = config.get("intermediate_size"), config.get("hidden_size")
    if type(hidden) is int and type(width) is int and width > 0 and hidden % width == 0:
        fields["mlp_ratio"] = hidden // width
    return fields | ({"activation": config["hidden_act"]} if config.get("hidden_act") in ACTIVATIONS else {})


def _videomae(config: Mapping[str, Any], arch: PlainArchitecture) -> dict[str, Any]:
    chosen = [name for name in ("frames", "image_size") if overridden(arch, name)]
    fields = _encoder(config, _ENCODER | _VIDEO)
    return {name: value for name, value in fields.items() if name not in chosen}


def _clip(config: dict[str, Any], *, text: bool) -> dict[str, Any]:
    vision, words = vision_of(config), text_of(config)
    fields = _encoder(vision, _ENCODER | {"image_size": "image_size"})
    if isinstance(vision.get("layer_norm_eps"), float):
        fields["norm_eps"] = vision["layer_norm_eps"]
    if text and words and all(key in words for key in _TEXT):
        fields["text"] = TextArchitecture(*(words[key] for key in _TEXT))
    return fields


def _rows(tensors: Mapping[str, Tensor], name: str) -> int:
    """0 if there is no such tensor."""
    return tensors[name].shape[0] if name in tensors and tensors[name].ndim else 0
