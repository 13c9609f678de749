"""The pictures of what was removed, ready to be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from matplotlib.backends.backend_agg import FigureCanvasAgg

from tldr_search.insight.record import Removal
from tldr_search.report.drawings import rendered
from tldr_search.report.removed import wording
from tldr_search.report.removed.drawing import maps_sheet, shares_figure, tokens_sheet
from tldr_search.report.removed.maps import maps_picture
from tldr_search.report.removed.shares import shares_picture
from tldr_search.report.removed.sheet import light
from tldr_search.report.removed.tokens import print_scale, tokens_picture

TOKENS, MAPS, SHARES = "tokens", "maps", "frames"
"""What files are named after."""


class Shown(NamedTuple):
    """A picture on a page and what is said of it; all text is plain, nothing in it is escaped."""

    title: str
    caption: str
    """Under it."""
    alt: str
    """Instead of it, with the numbers."""
    png: bytes
    """Light: a page holds several."""
    name: str
    """Of its file, without the ending."""


class Printed(NamedTuple):
    """A picture as files, in full colour."""

    name: str
    """Of its files, without the ending."""
    files: Mapping[str, str | bytes]
    """Ending -> content: `png`, and what is no photo as `svg` and `pdf`, too."""


def shown(removal: Removal, layer: int | None = None) -> tuple[Shown, ...]:
    """For a page, light: of every clip the tokens on its frames and the maps, then the share of each frame of all clips.

    `layer` of saliency and attentiveness, by default the first that there is; `ValueError` if there is none of it.
    """
    at = _layer(removal, layer)
    stems = file_stems(removal.names)
    pictures = [_tokens(removal, clip, stem) for clip, stem in enumerate(stems)]
    pictures += [_maps(removal, clip, at, stem) for clip, stem in enumerate(stems)]
    return (*pictures, _shares(removal, at))


def printed(removal: Removal, layer: int | None = None) -> Iterator[Printed]:
    """The same pictures for print, in this order: frames with all the pixels that the model saw, and at least `PRINTED` of them."""
    at, scale = _layer(removal, layer), print_scale(removal)
    stems = file_stems(removal.names)
    for clip, stem in enumerate(stems):
        yield Printed(f"{TOKENS}-{stem}", {"png": tokens_sheet(tokens_picture(removal, clip, scale)).png()})
    for clip, stem in enumerate(stems):
        yield Printed(f"{MAPS}-{stem}", {"png": maps_sheet(maps_picture(removal, clip, at, scale)).png()})
    files = rendered(shares_figure(shares_picture(removal, at)), SHARES)
    yield Printed(SHARES, {Path(name).suffix[1:]: content for name, content in files.items()})


def _layer(removal: Removal, layer: int | None) -> int:
    if layer is not None and layer not in removal.layers:
        raise ValueError(f"layer {layer}: there are maps of layers {', '.join(map(str, removal.layers))}; one of them would be accepted")
    return removal.layers[0] if layer is None else layer


def file_stems(names: Sequence[str]) -> tuple[str, ...]:
    """What files are named after: each clip's own name, without folders, ending and odd characters; numbered where that is not enough."""
    stems = [re.sub(r"[^\w.-]+", "-", Path(name).stem, flags=re.ASCII).strip("-.")[:60] for name in names]
    taken, found = {stem for stem in stems if stem and stems.count(stem) == 1}, []
    for i, stem in enumerate(stems, start=1):
        if stem not in taken or stem in found:
            stem = next(name for n in count(i) if (name := f"{stem}-{n}".strip("-")) not in taken)
            taken.add(stem)
        found.append(stem)
    return tuple(found)


def _tokens(removal: Removal, clip: int, stem: str) -> Shown:
    picture = tokens_picture(removal, clip)
    title = f"What is left of {wording.clip_text(picture.clip)}"
    png = tokens_sheet(picture).light_png()
    return Shown(title, wording.tokens_caption(picture, removal), wording.tokens_alt(picture), png, f"{TOKENS}-{stem}")


def _maps(removal: Removal, clip: int, layer: int, stem: str) -> Shown:
    picture = maps_picture(removal, clip, layer)
    title = f"What {removal.model} attends to in {wording.clip_text(picture.clip)}"
    png = maps_sheet(picture).light_png()
    return Shown(title, wording.maps_caption(picture, removal), wording.maps_alt(picture), png, f"{MAPS}-{stem}")


def _shares(removal: Removal, layer: int) -> Shown:
    picture = shares_picture(removal, layer)
    png = light(FigureCanvasAgg(shares_figure(picture)))
    return Shown("The share of each frame", wording.shares_caption(picture, removal), wording.shares_alt(picture), png, SHARES)
