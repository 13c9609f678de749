"""What is how large in a Swin, stage by stage (from 0). Never imports torch, so that costs can be counted without it."""

from __future__ import annotations

import math
from typing import NamedTuple

from tldr_search.backbones.architecture import STAGES, SwinArchitecture

Shape = tuple[int, int, int]
"""Along (time, height, width)."""


def stage_grid(arch: SwinArchitecture, stage: int) -> Shape:
    """Positions: height and width are halved before every stage but the first, rounded up."""
    t, h, w = arch.grid
    return t, -(-h // 2**stage), -(-w // 2**stage)


def cell_side(stage: int) -> int:
    """Positions along height, and along width, that become one token of the last stage."""
    return int(2 ** (STAGES - 1 - stage))


class Windows(NamedTuple):
    """How a grid falls into windows."""

    size: Shape
    """Positions of a window."""
    shift: Shape
    """How far windows are moved."""
    counts: Shape
    """Windows, the last of a row padded."""

    @property
    def volume(self) -> int:
        """M, positions of a window."""
        return math.prod(self.size)

    @property
    def padded(self) -> Shape:
        """Positions of all windows."""
        t, h, w = (size * count for size, count in zip(self.size, self.counts, strict=True))
        return t, h, w


def windows(grid: Shape, window: Shape, *, shifted: bool) -> Windows:
    """A window is cut to the grid where that is not larger, and does not move along that dimension; else it moves by half its size."""
    size, shift, counts = zip(*(_along(n, w, shifted) for n, w in zip(grid, window, strict=True)), strict=True)
    return Windows(size, shift, counts)


def _along(length: int, window: int, shifted: bool) -> tuple[int, int, int]:
    if length <= window:
        return length, 0, 1
    return window, window // 2 if shifted else 0, -(-length // window)
