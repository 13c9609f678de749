"""Cells: the positions of a Swin's grid that become one token of its last stage, and so leave together.

Ours, nothing is published. Windows need all of their positions, so a position that left is filled from the last features: its
queries, keys and values are those of the last cell before it that is left, in the order of places with time running fastest: the
nearest earlier time at the same place, else the place before, else the first cell of all.

A cell at the end of a frame may reach past it. There it repeats its last row or column, so that all cells hold equally many rows.

Notation: B clips, K cells that are left, S = side x side spots of a cell, P positions of the grid, n rows: P while nothing has
left (in order), K S afterwards (cell by cell).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from tldr_search.backbones.swin_shape import Shape


class Layout(NamedTuple):
    """Where the rows of a stage lie."""

    grid: Shape
    """Positions."""
    side: int
    """Positions along height, and along width, of a cell."""
    position: Tensor
    """[cells, S] position of each spot."""
    spot: Tensor
    """[cells, S] the spot itself; the one that it repeats where it lies past the frame."""
    kept: Tensor | None
    """[B, K] cells that are left, in the order of the rows; None while all are."""
    own: Tensor | None
    """[B, n] position of each row; None while all are left."""
    row: Tensor | None
    """[B, P] row that stands at each position; None while all are left."""

    def at(self, positions: Tensor) -> Tensor:
        """[k] positions -> [1 or B, k] the rows that stand there."""
        return positions[None] if self.row is None else self.row[:, positions]

    def of_rows(self, values: Tensor) -> Tensor:
        """[P] values of positions -> [1 or B, n] those of the rows."""
        return values[None] if self.own is None else values[self.own]

    def by_cell(self, rows: Tensor) -> Tensor:
        """[B, n, ...] -> [B, K, S, ...]"""
        return rows[:, self.position] if self.kept is None else rows.view(*self.kept.shape, self.side**2, *rows.shape[2:])

    def inside(self) -> Tensor:
        """[1 or B, K, S] whether a spot lies within the frame."""
        inside = self.spot == torch.arange(self.spot.shape[1], device=self.spot.device)
        return inside[None] if self.kept is None else inside[self.kept]

    def means(self, rows: Tensor) -> Tensor:
        """[B, n, ...] -> [B, K, ...]: mean over the spots of each cell that lie within the frame."""
        cells = self.by_cell(rows)
        weight = self.inside().to(rows.dtype)
        weight = weight / weight.sum(dim=2, keepdim=True)
        return (cells * weight.view(*weight.shape, *(1,) * (rows.dim() - 2))).sum(dim=2)


def take(values: Tensor, index: Tensor) -> Tensor:
    """Rows `index` [1 or B, k] of `values` [B, n, ...], whole rows at a time."""
    batch, count = values.shape[:2]
    clip = count * torch.arange(batch, device=index.device)[:, None]
    return values.flatten(0, 1).index_select(0, (index + clip).flatten()).view(batch, -1, *values.shape[2:])


def lay_out(grid: Shape, side: int, kept: Tensor | None, device: torch.device) -> Layout:
    """A grid in cells of `side` x `side`, of which `kept` [B, K] are left (None: all)."""
    position, spot = _spots(grid, side, device)
    if kept is None:
        return Layout(grid, side, position, spot, None, None, None)
    row = _rows(grid, side, stand_ins(kept, grid[0], len(position) // grid[0]))
    return Layout(grid, side, position, spot, kept, position[kept].flatten(1), row)


def _spots(grid: Shape, side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """`position` and `spot` of `Layout`."""
    t, h, w = grid
    y, x = (_along(length, side, device) for length in (h, w))
    y, x = y[:, None, :, None], x[None, :, None, :]
    plane = (y * w + x).reshape(-1, side**2)  # [places, S]
    spot = (y % side * side + x % side).reshape(-1, side**2)
    position = torch.arange(t, device=device)[:, None, None] * h * w + plane
    return position.flatten(0, 1), spot.repeat(t, 1)


def _along(length: int, side: int, device: torch.device) -> Tensor:
    """[cells, side] positions along one dimension, the last repeated."""
    cells = -(-length // side)
    return torch.arange(cells * side, device=device).clamp(max=length - 1).view(cells, side)


def stand_ins(kept: Tensor, times: int, places: int) -> Tensor:
    """`kept` [B, K] cells, numbered time by time -> [B, cells]: which of the K stands for each cell; itself where it is left."""
    batch, count = kept.shape
    ranks = torch.arange(count, device=kept.device).expand(batch, -1)
    rank = kept.new_full((batch, times * places), -1).scatter(1, kept, ranks)
    rank = rank.view(batch, times, places).transpose(1, 2).flatten(1)  # place by place
    cells_left = (kept % places * times + kept // places).sort(dim=1).values  # [B, K], numbered place by place
    before = (rank >= 0).cumsum(dim=1)  # how many are left up to here
    stand_in = rank.gather(1, cells_left.gather(1, (before - 1).clamp(min=0)))
    return stand_in.view(batch, places, times).transpose(1, 2).flatten(1)


def _rows(grid: Shape, side: int, stand_in: Tensor) -> Tensor:
    """`stand_in` [B, cells] -> [B, P]: the row at each position, the same spot of the cell that stands for its own."""
    time, y, x = (torch.arange(length, device=stand_in.device) for length in grid)
    place = (y // side)[:, None] * -(-grid[2] // side) + x // side
    cell = time[:, None, None] * (stand_in.shape[1] // grid[0]) + place
    spot = ((y % side)[:, None] * side + x % side).expand(grid)
    return stand_in[:, cell.flatten()] * side**2 + spot.flatten()
