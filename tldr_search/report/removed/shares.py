"""The share of each frame (vid-TLDR, Fig. 5): whether what is measured, and what is left, leans to some frames."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tldr_search.insight.record import MEASURES, Array, Removal
from tldr_search.report.removed.maps import of_layer
from tldr_search.report.removed.tokens import mass_per_patch


class Line(NamedTuple):
    """Of one measure, or of one schedule."""

    name: str
    """Measure or method."""
    mean: tuple[float, ...]
    """Share of each temporal position in per cent, mean over the clips."""
    low: tuple[float, ...]
    """The least of any clip."""
    high: tuple[float, ...]
    """The most of any clip."""


class SharesPicture(NamedTuple):
    """All clips together."""

    num_clips: int
    layer: int
    """Of saliency and attentiveness, from 1."""
    even: float
    """Per cent of each frame if all were alike."""
    tubelet: int
    measures: tuple[Line, ...]
    methods: tuple[Line, ...]


def shares_picture(removal: Removal, layer: int) -> SharesPicture:
    """What the unreduced model attends to at a layer, and the mass that every schedule leaves."""
    t, grid = removal.grid[0], removal.grid
    measures = tuple(_line(name, frame_shares(of_layer(removal, name, layer), grid)) for name in MEASURES if name in removal.maps)
    methods = []
    for reduction in removal.reductions:
        mass = np.stack([mass_per_patch(rows, size) for rows, size in zip(reduction.rows, reduction.size, strict=True)])
        methods.append(_line(reduction.method, frame_shares(mass, grid)))
    return SharesPicture(len(removal.names), layer, 100 / t, removal.tubelet, measures, tuple(methods))


def frame_shares(values: Array, grid: tuple[int, int, int]) -> Array:
    """[n, P] -> [n, T] per cent of the clip's sum; even shares where all values are 0."""
    per_frame = values.reshape(len(values), grid[0], -1).sum(axis=2)
    total = per_frame.sum(axis=1, keepdims=True)
    return np.where(total > 0, 100 * per_frame / np.where(total > 0, total, 1.0), 100 / grid[0])


def _line(name: str, shares: Array) -> Line:
    return Line(name, *(tuple(map(float, values)) for values in (shares.mean(axis=0), shares.min(axis=0), shares.max(axis=0))))
