"""What a row of the table of methods says. Never imports torch: costs and schedules are counted without it.

A schedule is checked in one place, `Method.removed`: every entry is possible, or a `ValueError` names the slot, the value and
the largest possible one. Nothing is cut silently.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from tldr_search.names import brief
from tldr_search.schedule import LARGEST, Geometry, Schedule, whole_number

if TYPE_CHECKING:
    from tldr_search.reducers.reducer import Reducer

Options = Mapping[str, str]
"""Chosen options, name -> value; every option of the method is there."""


@dataclass(frozen=True)
class Option:
    """One thing that may be chosen about a method."""

    name: str
    """As in `method:name=value`."""
    default: str
    """The published choice."""
    choices: tuple[str, ...]
    """Allowed values; empty: any whole number from 0 to `LARGEST`."""
    meaning: str
    """One line."""

    def check(self, value: str) -> str:
        """`value`, or a `ValueError` that lists what would be accepted."""
        if value in self.choices or (not self.choices and whole_number(value) is not None):
            return value
        accepted = " or ".join(self.choices) or f"a whole number from 0 to {LARGEST}"
        raise ValueError(f"option {self.name}={brief(value)}; {accepted} would be accepted")


@dataclass(frozen=True)
class Method(ABC):
    """A way to choose which tokens leave."""

    name: str
    """As on the command line."""
    title: str
    """One line on what it does."""
    source: str
    """Paper, and what of it."""
    merges: bool
    """Survivors absorb those they represent; otherwise those simply leave."""
    factory: str
    """`module:callable` under `tldr_search.reducers`; called with the options and the geometry, returns the reducer."""
    options: tuple[Option, ...] = field(default=(), kw_only=True)
    """What may be chosen."""
    chosen: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)
    """What was chosen away from the defaults, in the order of `options`."""
    ours: str = field(default="", kw_only=True)
    """Where it runs though nothing is published, and what was chosen there."""

    @property
    def settings(self) -> dict[str, str]:
        """Every option with its value."""
        return {option.name: option.default for option in self.options} | dict(self.chosen)

    @property
    def spec(self) -> str:
        """What `get_method` takes to give this method again: `tome:metric=features`."""
        return ":".join([self.name, *(f"{name}={value}" for name, value in self.chosen)])

    def build(self, geometry: Geometry) -> Reducer | None:
        """The reducer itself (imports torch); None if nothing is ever removed; `ValueError` if it does not fit the geometry."""
        self.acting_layers(geometry)
        module, factory = self.factory.split(":")
        reducer: Reducer = getattr(import_module(f"tldr_search.reducers.{module}"), factory)(self.settings, geometry)
        return reducer

    def slots(self, geometry: Geometry) -> int:
        """Entries of a full schedule."""
        return len(self.acting_layers(geometry))

    def full(self, schedule: Sequence[int], geometry: Geometry) -> Schedule:
        """`schedule` padded with zeros to one entry per slot; `ValueError` if an entry is impossible."""
        entries = self._padded(schedule, geometry)
        left = geometry.num_tokens
        for slot, r in enumerate(entries):
            largest = self.largest(slot, left, geometry)
            if not 0 <= r <= largest:
                place = f"{self.place(slot, geometry)}, where {left} tokens arrive"
                raise ValueError(f"{self.name}: r = {r} in {place}; 0 to {largest} would be accepted")
            left -= r * self.unit(slot, geometry)
        return entries

    def removed(self, schedule: Sequence[int], geometry: Geometry) -> Schedule:
        """Tokens that leave in each layer, length `depth`; `ValueError` if an entry is impossible."""
        removed = [0] * geometry.depth
        for slot, (layer, r) in enumerate(zip(self.acting_layers(geometry), self.full(schedule, geometry), strict=True)):
            removed[layer] = r * self.unit(slot, geometry)
        return tuple(removed)

    def _padded(self, schedule: Sequence[int], geometry: Geometry) -> Schedule:
        slots = self.slots(geometry)
        try:
            entries = tuple(operator.index(r) for r in schedule)
        except TypeError:
            raise ValueError(f"{self.name}: schedule {schedule!r}; whole numbers, such as (600, 200, 100), would be accepted") from None
        if len(entries) > slots:
            accepted = f"at most {slots} would be accepted for {geometry.depth} layers"
            raise ValueError(f"{self.name}: a schedule of {len(entries)} entries; {accepted}")
        return entries + (0,) * (slots - len(entries))

    @property
    def observes(self) -> bool:
        """Looks at the whole unreduced model first, which costs one pass more."""
        return False

    @property
    @abstractmethod
    def after_mlp(self) -> bool:
        """Acts after the MLP instead of between attention and MLP."""

    @abstractmethod
    def acting_layers(self, geometry: Geometry) -> tuple[int, ...]:
        """The layer of each slot, from 0; `ValueError` if the method does not fit the geometry."""

    @abstractmethod
    def unit(self, slot: int, geometry: Geometry) -> int:
        """Tokens that leave for each 1 in this slot of the schedule."""

    @abstractmethod
    def largest(self, slot: int, entering: int, geometry: Geometry) -> int:
        """The largest possible entry in this slot when `entering` tokens arrive there."""

    @abstractmethod
    def place(self, slot: int, geometry: Geometry) -> str:
        """The slot in words."""

    @abstractmethod
    def decision_macs(self, layer: int, n: int, r: int, geometry: Geometry) -> int:
        """Multiply-adds of deciding which r of n tokens leave `layer`, as fvcore counts them; 0 if r is 0."""


def half(n: int, protected: int) -> int:
    """Bipartite matching: only every second token can leave."""
    return max(n - protected, 0) // 2


def all_but_one(n: int, protected: int) -> int:
    """Pruning: one token stays."""
    return n - max(protected, 1)


def no_width(options: Options, geometry: Geometry) -> int:
    """Nothing is matched."""
    return 0


def at_once(options: Options) -> bool:
    """Nothing is looked at before the first layer."""
    return False


@dataclass(frozen=True)
class PerLayer(Method):
    """Acts in any layer, between attention and MLP; one r per layer."""

    limit: Callable[[int, int], int] = half
    """(n tokens, protected ones) -> how many of them can leave."""
    match_width: Callable[[Options, Geometry], int] = no_width
    """Width of the vectors that are compared, ceil(n/2) x floor(n/2) times; 0 if none are."""
    observing: Callable[[Options], bool] = at_once
    """Whether, with these options, it looks at the whole unreduced model first."""

    @property
    def observes(self) -> bool:
        """As `observing` says."""
        return self.observing(self.settings)

    @property
    def after_mlp(self) -> bool:
        """Between attention and MLP."""
        return False

    def acting_layers(self, geometry: Geometry) -> tuple[int, ...]:
        """All of them, or those between stages; `ValueError` if it would merge there."""
        if geometry.between_stages and self.merges:
            raise ValueError(
                f"{self.name} merges tokens of different places into one, but a Swin's windows need all places; "
                "a method that prunes would be accepted"
            )
        if geometry.between_stages and self.observes:
            raise ValueError(
                f"{self.spec} follows attention through all layers, but a Swin's tokens attend within windows; "
                "attentiveness or saliency-pruning would be accepted"
            )
        return geometry.between_stages or tuple(range(geometry.depth))

    def unit(self, slot: int, geometry: Geometry) -> int:
        """`r` counts tokens."""
        return 1

    def largest(self, slot: int, entering: int, geometry: Geometry) -> int:
        """As `limit` says."""
        return self.limit(entering, geometry.protected)

    def place(self, slot: int, geometry: Geometry) -> str:
        """Counted from 1, as in the papers' tables."""
        return f"layer {self.acting_layers(geometry)[slot] + 1} of {geometry.depth}"

    def decision_macs(self, layer: int, n: int, r: int, geometry: Geometry) -> int:
        """The product of even and odd tokens; statistics of the attention map, which is there anyway, count nothing."""
        return geometry.sequences * ((n + 1) // 2) * (n // 2) * self.match_width(self.settings, geometry) if r else 0


STAGES = 3


def stage_layers(geometry: Geometry) -> tuple[int, ...]:
    """The blocks after which STA prunes: 0, depth // 3 and 2 * depth // 3, or those between stages."""
    return geometry.between_stages or (0, geometry.depth // 3, 2 * geometry.depth // 3)


def stage_groups(geometry: Geometry) -> tuple[int, ...]:
    """STA's groups at each stage: neighbours in time are joined from stage to stage, except where each frame is encoded by itself."""
    groups = geometry.groups
    return (groups,) * STAGES if geometry.sequences > 1 else (groups, groups // 2, groups // 4)


@dataclass(frozen=True)
class Staged(Method):
    """STA: after the MLP of three blocks; r counts tokens per temporal group, whose number halves from stage to stage."""

    @property
    def after_mlp(self) -> bool:
        """After whole blocks."""
        return True

    def _padded(self, schedule: Sequence[int], geometry: Geometry) -> Schedule:
        """A single r is the same at all three stages, as released."""
        entries = super()._padded(schedule, geometry)
        return entries[:1] * STAGES if entries and len(schedule) == 1 else entries

    def acting_layers(self, geometry: Geometry) -> tuple[int, ...]:
        """See `stage_layers`; `ValueError` where the tokens don't fall into groups."""
        apart = geometry.sequences > 1
        if not apart and geometry.groups % 4:
            raise ValueError(f"{self.name}: {geometry.groups} temporal positions; a multiple of 4 would be accepted, to halve it twice")
        if not apart and geometry.protected:
            raise ValueError(f"{self.name}: {geometry.protected} class tokens, which belong to no temporal group; none would be accepted")
        if geometry.depth < STAGES:
            raise ValueError(f"{self.name}: {geometry.depth} layers; at least {STAGES} would be accepted")
        return stage_layers(geometry)

    def unit(self, slot: int, geometry: Geometry) -> int:
        """`r` counts tokens per group; a sequence is one group, where there are several."""
        return 1 if geometry.sequences > 1 else stage_groups(geometry)[slot]

    def largest(self, slot: int, entering: int, geometry: Geometry) -> int:
        """Half of a group: the first one can only lose its even tokens."""
        return (entering - geometry.protected) // self.unit(slot, geometry) // 2

    def place(self, slot: int, geometry: Geometry) -> str:
        """Stage, block and groups."""
        block = self.acting_layers(geometry)[slot]
        return f"stage {slot + 1} (after block {block + 1} of {geometry.depth}, {stage_groups(geometry)[slot]} groups)"

    def decision_macs(self, layer: int, n: int, r: int, geometry: Geometry) -> int:
        """Matching in the first group, then a transition to each next group and the scores carried along it."""
        if not r:
            return 0
        slot = self.acting_layers(geometry).index(layer)
        groups, unit, d = stage_groups(geometry)[slot], self.unit(slot, geometry), geometry.head_dim
        n, r = (n - geometry.protected) // unit, r // unit
        first = (n + 1) // 2 * (n // 2) * d
        second = n * n * d if groups > 1 else 0
        return first + second + max(groups - 2, 0) * n * (n - r) * (d + 1)


@dataclass(frozen=True)
class Unreduced(PerLayer):
    """No token leaves."""

    def largest(self, slot: int, entering: int, geometry: Geometry) -> int:
        """None."""
        return 0

    def build(self, geometry: Geometry) -> Reducer | None:
        """There is nothing to decide."""
        return None
