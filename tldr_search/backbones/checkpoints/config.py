"""What `config.json` beside a Hugging Face checkpoint says that the shapes of its tensors do not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, TypeGuard

from tldr_search.backbones.architecture import PlainArchitecture, TextArchitecture
from tldr_search.backbones.architectures import ARCHITECTURES
from tldr_search.backbones.checkpoints.reading import quoted, reason
from tldr_search.backbones.checkpoints.tell import tell
from tldr_search.backbones.text.clip import NORM_EPS

ACTIVATIONS = ("gelu", "quick_gelu")
"""Those that a model can be built with."""


def read_object(path: Path) -> dict[str, Any]:
    """`ValueError` if the file is no JSON object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise ValueError(f"{quoted(path)} is no readable JSON file: {reason(error)}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{quoted(path)} holds no JSON object")
    return content


def vision_of(config: dict[str, Any]) -> dict[str, Any]:
    """The fields of CLIP's vision tower; where it is alone, they are at the top."""
    vision = config.get("vision_config")
    return vision if isinstance(vision, dict) else config


def text_of(config: dict[str, Any]) -> dict[str, Any] | None:
    """The fields of CLIP's text tower, if it is there."""
    text = config.get("text_config")
    return text if isinstance(text, dict) else None


def check_videomae(path: Path, arch: PlainArchitecture) -> None:
    """`ValueError` if the model computes something else than `arch`; known deviations from the published models are warned about."""
    config = read_object(path)
    if config.get("use_mean_pooling") is False:
        raise ValueError(
            f"{quoted(path)}: use_mean_pooling=false classifies the first token; only models that classify the mean are accepted"
        )
    _require_activation(path, config, arch)
    if arch.dim == 384 and config.get("num_attention_heads") == 16:  # the conversion of VideoMAE-S
        _tell(path, config, "num_attention_heads", arch.heads)
    else:
        _require_heads(path, config, arch)
    for key, field in (("layer_norm_eps", "norm_eps"), ("image_size", "image_size"), ("num_frames", "frames")):
        if not overridden(arch, field):
            _tell(path, config, key, getattr(arch, field))


def check_clip(path: Path, arch: PlainArchitecture, *, text: bool) -> None:
    """`ValueError` if a tower, the text tower only where `text`, computes something else than `arch`."""
    config = read_object(path)
    vision, words = vision_of(config), text_of(config)
    _require_activation(path, vision, arch)
    _require_heads(path, vision, arch)
    eps = vision.get("layer_norm_eps")
    _require(path, vision, "layer_norm_eps", arch.norm_eps, f"norm_eps={eps!r}" if isinstance(eps, float) else None)
    if text and words and arch.text is not None:
        _require(path, words, "hidden_act", arch.activation, None)
        _require_text_heads(path, words, arch.text)
        _require(path, words, "layer_norm_eps", NORM_EPS, None)


def overridden(arch: PlainArchitecture, field: str) -> bool:
    """Whether the user chose another value than the row of the table has."""
    row = ARCHITECTURES.get(arch.name)
    return row is None or bool(getattr(row, field) != getattr(arch, field))


def _require_activation(path: Path, config: dict[str, Any], arch: PlainArchitecture) -> None:
    theirs = config.get("hidden_act")
    accepted = f"activation={theirs!r}" if theirs in ACTIVATIONS else " or ".join(f"hidden_act={name!r}" for name in ACTIVATIONS)
    _require(path, config, "hidden_act", arch.activation, accepted)


def _require_heads(path: Path, config: dict[str, Any], arch: PlainArchitecture) -> None:
    theirs = config.get("num_attention_heads")
    _require(path, config, "num_attention_heads", arch.heads, f"heads={theirs}" if _divides(theirs, arch.dim) else None)


def _require_text_heads(path: Path, config: dict[str, Any], text: TextArchitecture) -> None:
    theirs = config.get("num_attention_heads")
    way_out = f"text={dataclasses.replace(text, heads=theirs)!r}" if _divides(theirs, text.dim) else None
    _require(path, config, "num_attention_heads", text.heads, way_out)


def _divides(heads: object, dim: int) -> TypeGuard[int]:
    return type(heads) is int and heads > 0 and dim % heads == 0


def _require(path: Path, config: dict[str, Any], key: str, ours: object, way_out: str | None) -> None:
    """`way_out`: an override that makes the model as the file says; None if there is none."""
    theirs = config.get(key, ours)
    if theirs != ours:
        accepted = way_out or f"{key}={ours!r}"
        raise ValueError(f"{quoted(path)} says {key}={theirs!r}, but the model is built with {ours!r}; {accepted} would be accepted")


def _tell(path: Path, config: dict[str, Any], key: str, ours: object) -> None:
    theirs = config.get(key, ours)
    if theirs != ours:
        tell(f"{quoted(path)} says {key}={theirs!r}, the model asked for has {ours!r}: {ours!r} is used")
