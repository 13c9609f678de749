"""The pictures of what was removed, ready to be shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tldr_search.insight.record import Removal
from tldr_search.report.removed import wording
from tldr_search.report.removed.drawing import maps_png, shares_png, tokens_png
from tldr_search.report.removed.maps import maps_picture
from tldr_search.report.removed.shares import shares_picture
from tldr_search.report.removed.tokens import tokens_picture


class Shown(NamedTuple):
    """A picture and what is said of it; all text is plain, nothing in it is escaped."""

    title: str
    caption: str
    """Under it."""
    alt: str
    """Instead of it, with the numbers."""
    png: bytes
    name: str
    """Of its file, without the ending."""


def shown(removal: Removal, layer: int | None = None) -> tuple[Shown, ...]:
    """Of every clip the tokens on its frames and the maps, then the share of each frame of all clips.

    `layer` of saliency and attentiveness, by default the first that there is; `ValueError` if there is none of it.
    """
    if layer is not None and layer not in removal.layers:
        raise ValueError(f"layer {layer}: there are maps of layers {', '.join(map(str, removal.layers))}; one of them would be accepted")
    at = removal.layers[0] if layer is None else layer
    stems = file_stems(removal.names)
    pictures = [_tokens(removal, clip, stem) for clip, stem in enumerate(stems)]
    pictures += [_maps(removal, clip, at, stem) for clip, stem in enumerate(stems)]
    return (*pictures, _shares(removal, at))


def file_stems(names: Sequence[str]) -> tuple[str, ...]:
    """What files are named after: each clip's own name, without folders, ending and odd characters; numbered where that is not enough."""
    stems = [re.sub(r"[^\w.-]+", "-", Path(name).stem, flags=re.ASCII).strip("-.")[:60] for name in names]
    return tuple(stem if stem and stems.count(stem) == 1 else f"{stem}-{i}".strip("-") for i, stem in enumerate(stems, start=1))


def _tokens(removal: Removal, clip: int, stem: str) -> Shown:
    picture = tokens_picture(removal, clip)
    title = f"What is left of {wording.clip_text(picture.clip)}"
    return Shown(title, wording.tokens_caption(picture, removal), wording.tokens_alt(picture), tokens_png(picture), f"tokens-{stem}")


def _maps(removal: Removal, clip: int, layer: int, stem: str) -> Shown:
    picture = maps_picture(removal, clip, layer)
    title = f"What {removal.model} attends to in {wording.clip_text(picture.clip)}"
    return Shown(title, wording.maps_caption(picture, removal), wording.maps_alt(picture), maps_png(picture), f"maps-{stem}")


def _shares(removal: Removal, layer: int) -> Shown:
    picture = shares_picture(removal, layer)
    return Shown(
        "The share of each frame", wording.shares_caption(picture, removal), wording.shares_alt(picture), shares_png(picture), "frames"
    )
