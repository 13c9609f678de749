"""What `config.json` beside a Hugging Face checkpoint says that the shapes of its tensors do not."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from tldr_search.backbones.architecture import PlainArchitecture
from tldr_search.backbones.text.clip import NORM_EPS


def read_object(path: Path) -> dict[str, Any]:
    """`ValueError` if the file is no JSON object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is no readable JSON file: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{str(path)!r} holds no JSON object")
    return content


def check_videomae(path: Path, arch: PlainArchitecture) -> None:
    """`ValueError` if the model computes something else than `arch`; known deviations from the published models are warned about."""
    config = read_object(path)
    if config.get("use_mean_pooling") is False:
        raise ValueError(
            f"{str(path)!r}: use_mean_pooling=false classifies the first token; only models that classify the mean are accepted"
        )
    _require(path, config, "hidden_act", arch.activation, "activation")
    if arch.dim == 384 and config.get("num_attention_heads") == 16:  # the conversion of VideoMAE-S
        _tell(path, config, "num_attention_heads", arch.heads)
    else:
        _require(path, config, "num_attention_heads", arch.heads, "heads")
    for key, used in (("layer_norm_eps", arch.norm_eps), ("image_size", arch.image_size), ("num_frames", arch.frames)):
        _tell(path, config, key, used)


def check_clip(path: Path, arch: PlainArchitecture, *, text: bool) -> None:
    """`ValueError` if a tower, the text tower only where `text`, computes something else than `arch`."""
    config = read_object(path)
    vision = config.get("vision_config") or config  # a vision tower alone has its fields at the top
    _require(path, vision, "hidden_act", arch.activation, "activation")
    _require(path, vision, "num_attention_heads", arch.heads, "heads")
    _require(path, vision, "layer_norm_eps", arch.norm_eps, "norm_eps")
    words = config.get("text_config")
    if text and words and arch.text is not None:
        _require(path, words, "hidden_act", arch.activation, None)
        _require(path, words, "num_attention_heads", arch.text.heads, "text.heads")
        _require(path, words, "layer_norm_eps", NORM_EPS, None)


def _require(path: Path, config: dict[str, Any], key: str, ours: object, field: str | None) -> None:
    theirs = config.get(key, ours)
    if theirs == ours:
        return
    way_out = f"{field}={theirs!r} would be accepted" if field else f"{key}={ours!r} would be accepted"
    raise ValueError(f"{str(path)!r} says {key}={theirs!r}, but the model is built with {ours!r}; {way_out}")


def _tell(path: Path, config: dict[str, Any], key: str, ours: object) -> None:
    theirs = config.get(key, ours)
    if theirs != ours:
        warnings.warn(f"{str(path)!r} says {key}={theirs!r}, the model asked for has {ours!r}: {ours!r} is used", UserWarning, stacklevel=2)
