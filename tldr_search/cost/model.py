"""Schedule -> `Cost`, for every kind of architecture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from tldr_search.backbones.architecture import Architecture, PlainArchitecture, SwinArchitecture
from tldr_search.cost import plain, swin
from tldr_search.cost.count import Cost
from tldr_search.reducers import Method, get_method
from tldr_search.schedule import Schedule


class CostModel:
    """Schedule -> `Cost`, equal to fvcore's count of the real encoder to the last unit."""

    def __init__(self, arch: Architecture, method: str | Method = "none") -> None:
        self.arch = arch
        self.method = get_method(method)
        self.geometry = arch.geometry

    def __call__(self, schedule: Sequence[int] = ()) -> Cost:
        """`ValueError` if the schedule is impossible for the model."""
        removed = self.method.removed(schedule, self.geometry)
        if isinstance(self.arch, SwinArchitecture):
            return swin.count(self.arch, self.method, removed)
        assert isinstance(self.arch, PlainArchitecture)
        return plain.count(self.arch, self.method, removed)

    @cached_property
    def base(self) -> float:
        """GFLOPs when nothing is removed."""
        return self(()).gflops

    @cached_property
    def most(self) -> Schedule:
        """Each entry, in order, the largest that is possible."""
        left, entries = self.geometry.num_tokens, []
        for slot in range(self.method.slots(self.geometry)):
            entries.append(self.method.largest(slot, left, self.geometry))
            left -= entries[-1] * self.method.unit(slot, self.geometry)
        return tuple(entries)

    @cached_property
    def least(self) -> float:
        """GFLOPs of `most`."""
        return self(self.most).gflops
