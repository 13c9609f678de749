"""What the unreduced model attends to, side by side (vid-TLDR, Fig. 2): one clip, a line for each measure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tldr_search.insight.record import MEASURES, Array, Removal
from tldr_search.report.removed.tokens import Image, chosen, enlarged

TENTH = 0.1


class Scale(NamedTuple):
    """From the darkest to the brightest colour."""

    low: float
    high: float
    is_log: bool
    """Equal steps are equal factors."""

    def at(self, values: Array) -> Array:
        """-> [0, 1]"""
        if self.high == self.low:
            return np.zeros_like(values)
        steps: Array = np.log(values / self.low) if self.is_log else values - self.low
        return steps / (np.log(self.high / self.low) if self.is_log else self.high - self.low)


class Map(NamedTuple):
    """One measure of one clip."""

    measure: str
    layer: int
    """From 1; 0: all of them."""
    values: Array
    """[F, h, w] of the frames that are shown."""
    scale: Scale
    zero: float
    """Share of all patches whose value is 0."""
    tenth: float
    """Share of the sum that the tenth of all patches with the largest values has."""


class MapsPicture(NamedTuple):
    """One clip."""

    clip: str
    caption: str
    shown: tuple[int, ...]
    """Temporal positions, from 0."""
    num_positions: int
    unit: str
    tubelet: int
    frames: Image
    """[F, h s, w s, 3]"""
    maps: tuple[Map, ...]
    scale: int
    """How many times as wide and high as on a page the frames are."""


def maps_picture(removal: Removal, clip: int, layer: int, scale: int = 1) -> MapsPicture:
    """Saliency and attentiveness at one of the `layers`, and the rollout, where there is one."""
    columns = chosen(removal.grid[0])
    frames = enlarged(removal.frames[clip][list(columns)], removal.grid, scale)
    maps = tuple(_map(removal, name, clip, layer, columns) for name in MEASURES if name in removal.maps)
    names = removal.names[clip], removal.captions[clip]
    return MapsPicture(*names, columns, removal.grid[0], removal.unit, removal.tubelet, frames, maps, scale)


def of_layer(removal: Removal, measure: str, layer: int) -> Array:
    """[n, P] float64"""
    index = removal.layers.index(layer) if measure != "rollout" else 0
    return removal.maps[measure][:, index].astype(np.float64)


def _map(removal: Removal, measure: str, clip: int, layer: int, columns: tuple[int, ...]) -> Map:
    values = of_layer(removal, measure, layer)[clip]
    shown = values.reshape(removal.grid)[list(columns)]
    largest = np.sort(values)[::-1][: max(round(TENTH * len(values)), 1)].sum()
    total = values.sum()
    tenth = float(largest / total) if total else TENTH
    return Map(measure, 0 if measure == "rollout" else layer, shown, _scale(measure, values), float((values == 0).mean()), tenth)


def _scale(measure: str, values: Array) -> Scale:
    """Saliency is in [0, 1]; what is a multiple of an even share spans from its smallest to its largest value in the whole clip."""
    if measure == "saliency":
        return Scale(0.0, 1.0, False)
    return Scale(float(values.min()), float(values.max()), bool(values.min() > 0))
