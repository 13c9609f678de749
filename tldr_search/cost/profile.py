"""What a schedule costs on the user's device: milliseconds per clip, or MiB at the peak of a batch. Never imports torch.

A model is taken apart into its two ends (patches to tokens; norms, pooling and head) and its blocks. What a block costs depends on n, the
tokens that arrive, on r, those that leave in it, and on whether any have left before (their sizes bias attention from then on). Blocks that
remove nothing are measured at several n, those that decide at several n for the smallest and the largest r; between these, cost is taken
to be linear. Time is the sum of the parts, memory the largest of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from tldr_search.reducers import Method
from tldr_search.schedule import Geometry, Schedule


class Passing(NamedTuple):
    """Blocks that remove nothing, after some have left."""

    tokens: tuple[int, ...]
    """That arrive, rising."""
    costs: tuple[float, ...]
    """Of one block each."""


class Deciding(NamedTuple):
    """Blocks that remove some."""

    tokens: tuple[int, ...]
    """That arrive, rising."""
    few: tuple[float, ...]
    """Where as few leave as can: one unit of the slot."""
    many: tuple[float, ...]
    """Where as many leave as can."""


class OfMethod(NamedTuple):
    """What the blocks of one method cost."""

    passing: Passing
    first: tuple[Deciding, ...]
    """Slot by slot, or one for all slots: the first block that removes any, so that all tokens arrive."""
    later: tuple[Deciding, ...]
    """Likewise, after some have left."""


class Check(NamedTuple):
    """A schedule that was run as a whole, too."""

    method: str
    schedule: Schedule
    priced: float
    measured: float

    @property
    def error(self) -> float:
        """Of the price, relative to what was measured."""
        return self.priced / self.measured - 1


@dataclass(frozen=True)
class Profile:
    """Of one model on one device."""

    unit: str
    """`ms` per clip, or `mib` at the peak of a batch."""
    model: str
    device: str
    precision: str
    batch_size: int
    resident: float
    """MiB of weights and clips; 0 ms."""
    ends: float
    """All but the blocks."""
    untouched: float
    """One block that all tokens pass."""
    methods: Mapping[str, OfMethod]
    """By spec."""
    checks: tuple[Check, ...] = ()
    """Prices beside what whole models took."""

    def price(self, method: Method, geometry: Geometry) -> Callable[[Schedule], float]:
        """Schedule -> its cost in `unit`."""
        found, together = self.methods[method.spec], sum if self.unit == "ms" else max
        passing = _at_all(found.passing.tokens, found.passing.costs, geometry.num_tokens)
        first, later = ([_Table(table, geometry.num_tokens) for table in tables] for tables in (found.first, found.later))
        slots = {layer: slot for slot, layer in enumerate(method.acting_layers(geometry))}

        def block(layer: int, n: int, r: int) -> float:
            """`n` tokens arrive, `r` of them leave."""
            if not r:
                return passing[n] if n < geometry.num_tokens else self.untouched
            slot = slots[layer]
            largest = method.largest(slot, n, geometry) * method.unit(slot, geometry)
            tables = later if n < geometry.num_tokens else first
            return tables[min(slot, len(tables) - 1)].cost(n, r, method.unit(slot, geometry), largest)

        def price(schedule: Schedule) -> float:
            n, costs = geometry.num_tokens, [self.ends]
            for layer, r in enumerate(method.removed(schedule, geometry)):
                costs.append(block(layer, n, r))
                n -= r
            return self.resident + together(costs)

        return price


class _Table:
    """Of `Deciding`, for every number of tokens."""

    def __init__(self, table: Deciding, most: int) -> None:
        self._few, self._many = (_at_all(table.tokens, costs, most) for costs in (table.few, table.many))

    def cost(self, n: int, r: int, unit: int, largest: int) -> float:
        """Linear in r between `unit`, the smallest, and `largest`."""
        share = (r - unit) / (largest - unit) if largest > unit else 0.0
        return self._few[n] + share * (self._many[n] - self._few[n])


def _at_all(tokens: Sequence[int], costs: Sequence[float], most: int) -> list[float]:
    """Linear between the measured counts, constant beyond them; by number of tokens, from 0 to `most`."""
    values: list[float] = np.interp(np.arange(most + 1), tokens, costs).tolist()
    return values


def monotone(costs: Sequence[float]) -> tuple[float, ...]:
    """More tokens never cost less: the running maximum, for noise may say otherwise."""
    return tuple(np.maximum.accumulate(np.asarray(costs, dtype=float)).tolist())


def to_mapping(profile: Profile) -> dict[str, Any]:
    """Plain values, for JSON."""
    return asdict(profile) | {
        "methods": {spec: found._asdict() for spec, found in profile.methods.items()},
        "checks": [check._asdict() for check in profile.checks],
    }


def from_mapping(values: Mapping[str, Any]) -> Profile:
    """What `to_mapping` gave, also after a journey through JSON."""
    methods = {
        spec: OfMethod(Passing(*map(tuple, parts[0])), *(tuple(Deciding(*map(tuple, table)) for table in part) for part in parts[1:]))
        for spec, parts in ((spec, _parts(found)) for spec, found in values["methods"].items())
    }
    checks = (check.values() if isinstance(check, Mapping) else check for check in values["checks"])
    return Profile(**{**values, "methods": methods, "checks": tuple(Check(m, tuple(s), p, t) for m, s, p, t in checks)})


def _parts(found: Mapping[str, Any]) -> list[Any]:
    return [found[name] for name in OfMethod._fields]
