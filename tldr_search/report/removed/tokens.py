"""Tokens on the frames (vid-TLDR, Fig. 6): what every schedule leaves of a clip, computed as images.

Notation: T temporal positions, h x w patches of each, P = T h w, K tokens that are left, s pixels of a patch's side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tldr_search.insight.record import Array, Reduction, Removal

MOST_FRAMES = 8
"""Columns of a picture; of a longer clip as many are chosen, evenly."""
FRAME = 140
"""Pixels of a frame's side on a page, about: patches have whole ones."""
PRINTED = 224
"""Pixels of a frame's side in a file, at least, and never fewer than the model saw."""
FLOOR = 0.25
"""Brightness of what has no mass."""
PRUNED = 0.1
"""Brightness of what was pruned, which is hatched, too."""
HATCH = (8, 110)
"""Pixels between the lines of a hatch, and how bright they are."""
LIGHT, DARK = 255, 0
Image = NDArray[np.uint8]


class Row(NamedTuple):
    """A line of images."""

    method: str
    """Empty for the clip itself."""
    schedule: tuple[int, ...]
    tokens_left: int
    mass_left: float
    """Mass of all tokens over the number of patches."""
    pruned: float
    """Share of patches that nothing represents."""
    merged: float
    """Share of patches that have a token in common with others."""
    images: tuple[Image, ...]
    """[h s, w s, 3] of each frame that is shown."""


class TokensPicture(NamedTuple):
    """One clip."""

    clip: str
    caption: str
    shown: tuple[int, ...]
    """Temporal positions, from 0."""
    num_positions: int
    num_patches: int
    unit: str
    tubelet: int
    rows: tuple[Row, ...]
    scale: int
    """How many times as wide and high as on a page the images are."""


def tokens_picture(removal: Removal, clip: int, scale: int = 1) -> TokensPicture:
    """The clip itself, then what each schedule leaves of it."""
    columns = chosen(removal.grid[0])
    frames = enlarged(removal.frames[clip][list(columns)], removal.grid, scale)
    plain = Row("", (), removal.num_patches, 1.0, 0.0, 0.0, tuple(frames))
    rows = [_row(removal, reduction, clip, columns, frames, scale) for reduction in removal.reductions]
    names = removal.names[clip], removal.captions[clip]
    return TokensPicture(*names, columns, removal.grid[0], removal.num_patches, removal.unit, removal.tubelet, (plain, *rows), scale)


def chosen(count: int, most: int = MOST_FRAMES) -> tuple[int, ...]:
    """At most so many of `count` positions, the first and the last among them, evenly."""
    return tuple(int(i) for i in np.linspace(0, count - 1, min(count, most)).round())


def mass_per_patch(rows: Array, size: Array) -> Array:
    """`rows` [P], `size` [K] -> [P]: the mass of a patch's token over the number of its patches; 0 where it was pruned."""
    here = rows >= 0
    patches = np.bincount(rows[here], minlength=len(size))
    return np.where(here, size[rows] / np.maximum(patches, 1)[rows], 0.0)


def merged(rows: Array) -> Array:
    """`rows` [P] -> [P] bool: whether a patch shares its token with another one."""
    here = rows >= 0
    return np.where(here, np.bincount(rows[here], minlength=1)[rows] > 1, False)


def borders(tokens: Array, is_merged: Array) -> tuple[Array, Array]:
    """[..., h, w] each -> (right [..., h, w - 1], below [..., h - 1, w]) bool: neighbours of two tokens, one of them merged at least."""
    right = (tokens[..., :, 1:] != tokens[..., :, :-1]) & (is_merged[..., :, 1:] | is_merged[..., :, :-1])
    below = (tokens[..., 1:, :] != tokens[..., :-1, :]) & (is_merged[..., 1:, :] | is_merged[..., :-1, :])
    return right, below


def mean_colours(patches: Array, rows: Array) -> Array:
    """`patches` [P, 3], `rows` [P] -> [P, 3]: of the patches of the same token; its own where a patch was pruned."""
    here = rows >= 0
    count = rows.max() + 1
    number = np.maximum(np.bincount(rows[here], minlength=count), 1)
    total = np.stack([np.bincount(rows[here], weights=patches[here, c], minlength=count) for c in range(3)], axis=1)
    return np.where(here[:, None], (total / number[:, None])[rows], patches)


def enlarged(frames: Array, grid: tuple[int, int, int], scale: int = 1) -> Image:
    """[F, H, W, 3] -> [F, h s, w s, 3] for a whole s."""
    _, h, w = grid
    side = patch_side(grid) * scale
    how = cv2.INTER_AREA if frames.shape[2] >= w * side else cv2.INTER_CUBIC
    return np.stack([cv2.resize(frame, (w * side, h * side), interpolation=how) for frame in frames])


def patch_side(grid: tuple[int, int, int]) -> int:
    """S on a page, so that a frame is about `FRAME` pixels wide."""
    return max(round(FRAME / grid[2]), 4)


def print_scale(removal: Removal) -> int:
    """So many times as on a page, that a frame has all pixels that the model saw, and `PRINTED` at least."""
    _, h, w = removal.grid
    shown = patch_side(removal.grid)
    height, width = map(int, removal.frames.shape[2:4])
    return max(math.ceil(max(height, PRINTED) / (h * shown)), math.ceil(max(width, PRINTED) / (w * shown)))


def _row(removal: Removal, reduction: Reduction, clip: int, columns: Sequence[int], frames: Image, scale: int) -> Row:
    rows, size = reduction.rows[clip], reduction.size[clip]
    mass = mass_per_patch(rows, size)
    at = list(columns)
    colours = mean_colours(_patch_colours(removal.frames[clip], removal.grid), rows)
    by_place = (values.reshape(*removal.grid, *values.shape[1:])[at] for values in (rows, merged(rows), mass, colours))
    images = tuple(map(partial(painted, scale=scale), frames, *by_place))
    shares = float(mass.mean()), float((rows < 0).mean()), float(merged(rows).mean())
    return Row(reduction.method, reduction.schedule, reduction.tokens_left(clip), *shares, images)


def _patch_colours(frames: Array, grid: tuple[int, int, int]) -> Array:
    """[T, H, W, 3] -> [P, 3]"""
    _, h, w = grid
    return np.stack([cv2.resize(frame, (w, h), interpolation=cv2.INTER_AREA) for frame in frames]).reshape(-1, 3).astype(float)


def painted(frame: Image, tokens: Array, is_merged: Array, mass: Array, colours: Array, scale: int = 1) -> Image:
    """A frame [h s, w s, 3] and what there is of each patch [h, w, ...] -> the same frame, reduced; lines are `scale` pixels wide."""
    side = frame.shape[1] // tokens.shape[1]
    flat, bright = _spread(colours, side), _spread(FLOOR + (1 - FLOOR) * np.minimum(mass, 1.0), side)[..., None]
    image = np.where(_spread(is_merged, side)[..., None], flat, frame) * bright
    image = np.where(_spread(tokens < 0, side)[..., None], _hatched(PRUNED * frame, scale), image)
    return _outlined(image.round().astype(np.uint8), borders(tokens, is_merged), is_merged, side, scale)


def _spread(values: Array, side: int) -> Array:
    return values.repeat(side, axis=0).repeat(side, axis=1)


def _hatched(image: Array, scale: int) -> Array:
    """Diagonal lines, the same wherever a patch lies."""
    step, bright = HATCH
    y, x = np.indices(image.shape[:2])
    return np.where(((x + y) // scale % step == 0)[..., None], bright, image)


def _rim(shape: tuple[int, ...], wide: int) -> Array:
    """[h s, w s] bool: the pixels this near to the edge of a frame."""
    rim = np.ones(shape, bool)
    rim[wide:-wide, wide:-wide] = False
    return rim


def _outlined(image: Image, between: tuple[Array, Array], is_merged: Array, side: int, scale: int) -> Image:
    """A light line beside a dark one, so that it is seen on everything: between tokens, and where what was merged ends with the frame."""
    right, below = between
    dark, light = np.zeros(image.shape[:2], bool), np.zeros(image.shape[:2], bool)
    for y, x in np.argwhere(right):
        rows, edge = slice(y * side, (y + 1) * side), (x + 1) * side
        light[rows, edge - scale : edge] = dark[rows, edge : edge + scale] = True
    for y, x in np.argwhere(below):
        columns, edge = slice(x * side, (x + 1) * side), (y + 1) * side
        light[edge - scale : edge, columns] = dark[edge : edge + scale, columns] = True
    edge, inner = _rim(image.shape[:2], scale), _rim(image.shape[:2], 2 * scale)
    here = _spread(is_merged, side)
    light, dark = light | (inner & ~edge & here), dark | (edge & here)  # the dark one outside, where paper is light
    image = np.where((dark & ~light)[..., None], np.uint8(DARK), image)
    return np.where(light[..., None], np.uint8(LIGHT), image)
