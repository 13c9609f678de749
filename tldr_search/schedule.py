"""Schedules: how many tokens leave in each layer, as plain tuples of whole numbers. Never imports torch or numpy.

An entry is called r. Most methods take one r per layer; STA takes one per stage, counted per group of tokens. Which it is,
and how large r may be, is the method's affair (`tldr_search.reducers`); what is common to them is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tldr_search.names import brief

Schedule = tuple[int, ...]
LARGEST = 2**31 - 1
"""Of any whole number that somebody gives; more than any model has tokens, frames or classes."""


class Geometry(NamedTuple):
    """What a schedule must know about a model."""

    num_tokens: int
    """Tokens that enter the first block, protected ones included; of one sequence, where a clip has several."""
    groups: int
    """Temporal positions of a clip."""
    depth: int
    """Number of blocks."""
    dim: int
    """Width of a token."""
    heads: int
    """Attention heads."""
    protected: int = 0
    """Leading tokens that never leave (class tokens)."""
    sequences: int = 1
    """Runs of tokens per clip that do not see each other: its frames, where each is encoded by itself."""
    between_stages: tuple[int, ...] = ()
    """The layers after which tokens may leave, where that is only between stages (Swin); empty: where the method likes."""

    @property
    def head_dim(self) -> int:
        """Width of a head."""
        return self.dim // self.heads

    def alike(self, other: Geometry) -> bool:
        """Whether a schedule can be carried over: as many layers, and tokens leave in the same ones."""
        return (self.depth, self.between_stages) == (other.depth, other.between_stages)


class Counting(Protocol):
    """How a method counts the entries of a schedule."""

    def full(self, schedule: Sequence[int], geometry: Geometry) -> Schedule:
        """One entry per slot; `ValueError` if an entry is impossible."""
        ...

    def removed(self, schedule: Sequence[int], geometry: Geometry) -> Schedule:
        """Tokens that leave in each layer, length `depth`; `ValueError` if an entry is impossible."""
        ...

    def acting_layers(self, geometry: Geometry) -> tuple[int, ...]:
        """The layer of each slot, from 0."""
        ...

    def unit(self, slot: int, geometry: Geometry) -> int:
        """Tokens that leave for each 1 in this slot of the schedule."""
        ...


def parse_schedule(text: str) -> Schedule:
    """`"600,200,100"` -> (600, 200, 100); `ValueError` says which entry is wrong and what would be accepted."""
    entries = [entry.strip() for entry in text.split(",")]
    for position, entry in enumerate(entries, start=1):
        if whole_number(entry) is None:
            raise ValueError(
                f"schedule {brief(text)}: entry {position} is {brief(entry)}; "
                f"whole numbers from 0 to {LARGEST}, separated by commas, would be accepted, e.g. 600,200,100"
            )
    return tuple(int(entry) for entry in entries)


def whole_number(text: str) -> int | None:
    """`"600"` -> 600; None for what is no whole number from 0 to `LARGEST`."""
    plain = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))  # Python reads no number of thousands of digits
    return int(text) if plain and int(text) <= LARGEST else None


def constant(r: int, slots: int) -> Schedule:
    """The same r in every slot."""
    return (r,) * slots


def linear(r: int, inflection: float, slots: int) -> Schedule:
    """ToMe's (r, inflection): from `r * (1 - inflection)` to `r * (1 + inflection)`, `r * slots` in all up to rounding down."""
    if not -1 <= inflection <= 1:
        raise ValueError(f"inflection {inflection} of a linear schedule; -1 (2r down to 0) to 1 (0 up to 2r) would be accepted")
    first = int(r * (1 - inflection))
    step = (2 * r - 2 * first) / (slots - 1) if slots > 1 else 0.0
    return tuple(int(first + step * slot) for slot in range(slots))


def decreasing(r: int, slots: int) -> Schedule:
    """ToMe's decreasing schedule: from 2r in the first slot down to 0 in the last."""
    return linear(r, -1, slots)


def transfer(schedule: Sequence[int], method: Counting, source: Geometry, target: Geometry) -> Schedule:
    """`schedule`, made for `source`, carried to a model of the same depth with another number of tokens.

    What is kept is the fraction of tokens left after each slot. Tokens left are rounded half up to the target's count (per
    group for STA), so the error never adds up: it stays within half a token (per group); where groups join, rounding never
    brings a token back. `ValueError` if the depths differ
    or the result is impossible for the target.
    """
    if not source.alike(target):
        raise ValueError(
            f"a schedule for {source.depth} layers cannot be carried to {target.depth} layers, or tokens leave elsewhere there; "
            "equal depths and stages would be accepted"
        )
    removed = method.removed(schedule, source)
    before, after, entries = source.num_tokens, target.num_tokens, []
    for slot, layer in enumerate(method.acting_layers(target)):
        before -= removed[layer]
        unit = method.unit(slot, target)
        left = min(after, unit * _round_half_up(target.num_tokens * before, source.num_tokens * unit))
        entries.append((after - left) // unit)
        after = left
    return method.full(entries, target)


def _round_half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
