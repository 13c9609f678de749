"""Constraints on the shape of a schedule."""

from __future__ import annotations

from typing import NamedTuple

from tldr_search.cost.model import CostModel
from tldr_search.reducers import Method
from tldr_search.schedule import Geometry, Schedule


class Shape(NamedTuple):
    """What a schedule must look like, in the counts of the model whose cost is counted (as it is printed).

    A model that is evaluated in its place gets the schedule carried over: its own entries are rounded, so they need be neither multiples
    nor exactly non-increasing.
    """

    first_layers: int | None = None
    """Tokens leave in this many layers at the beginning only."""
    non_increasing: bool = False
    """No entry is larger than the one before, each in its slot's own count."""
    multiple_of: int = 1
    """Every entry is a multiple of it."""

    @property
    def binding(self) -> dict[str, object]:
        """The constraints that are asked for, by name."""
        return {name: value for name, value in self._asdict().items() if value != self._field_defaults[name]}

    def acts(self, layer: int) -> bool:
        """Whether tokens may leave in this layer, from 0."""
        return self.first_layers is None or layer < self.first_layers

    def cut(self, r: int, before: int | None) -> int:
        """The largest entry up to `r` that may follow the entry `before` (None: it is the first)."""
        if self.non_increasing and before is not None:
            r = min(r, before)
        return r // self.multiple_of * self.multiple_of


FREE = Shape()
"""Any schedule will do."""


def most(method: Method, geometry: Geometry, shape: Shape = FREE) -> Schedule:
    """Each entry, in order, the largest that is possible."""
    left, entries = geometry.num_tokens, list[int]()
    for slot, layer in enumerate(method.acting_layers(geometry)):
        largest = method.largest(slot, left, geometry) if shape.acts(layer) else 0
        entries.append(shape.cut(largest, entries[-1] if entries else None))
        left -= entries[-1] * method.unit(slot, geometry)
    return tuple(entries)


def least(cost: CostModel, shape: Shape) -> float:
    """GFLOPs of `most`."""
    return cost(most(cost.method, cost.geometry, shape)).gflops
