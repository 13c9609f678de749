"""What a schedule may cost, as it is asked for: `180gflops`, `60%`, `25ms`, `2gib`, `120gflops..300gflops`."""

from __future__ import annotations

import re
from typing import NamedTuple

UNITS = {"gflops": "GFLOPs", "ms": "ms", "mib": "MiB"}
"""What a cost may be in -> the unit in words: GFLOPs per clip, milliseconds per clip, MiB at the peak of a batch."""
COUNTED = "gflops"
"""The unit that needs no measurement."""
PERCENT = "%"


class Amount(NamedTuple):
    """A cost as it was asked for."""

    value: float
    """In `unit`."""
    unit: str
    """One of `UNITS`, or `%` of the unreduced model."""

    def at(self, base: float) -> float:
        """In the unit of `base`, which is what the unreduced model costs."""
        return self.value * base / 100 if self.unit == PERCENT else self.value

    def __str__(self) -> str:
        return f"{self.value:g}{self.unit}"


class Budget(NamedTuple):
    """What a schedule may cost: one amount, or all between two."""

    low: Amount
    """Equal to `high` where one amount was asked for."""
    high: Amount
    """What a schedule may cost at most."""

    @property
    def is_range(self) -> bool:
        """Whether two amounts were asked for."""
        return self.low != self.high

    @property
    def unit(self) -> str:
        """One of `UNITS`: GFLOPs, where only per cent are asked for."""
        return next((amount.unit for amount in self if amount.unit != PERCENT), COUNTED)

    @property
    def is_relative(self) -> bool:
        """Whether only per cent are asked for, which belong to any unit."""
        return self.low.unit == self.high.unit == PERCENT

    def words(self, value: float) -> str:
        """A value in `unit`, as it is told."""
        return f"{value:.4g} {UNITS[self.unit]}"

    def at(self, base: float) -> tuple[float, float]:
        """(low, high) in `unit`, for a model whose unreduced cost is `base`; `ValueError` if the ends are the wrong way round."""
        low, high = self.low.at(base), self.high.at(base)
        if low > high:
            raise ValueError(f"budget {self}: {self.words(low)} is above {self.words(high)}; the lower end comes first")
        return low, high

    def __str__(self) -> str:
        return f"{self.low}..{self.high}" if self.is_range else str(self.high)


_AMOUNT = re.compile(r"(?P<value>\d{1,12}(?:\.\d{1,12})?|\.\d{1,12})\s*(?P<unit>[a-zA-Z%/]*)")
_SCALED = {"gib": ("mib", 1024.0)}
"""Other units that are accepted -> the unit, and how many of it."""
_MEANT = {"percent": "%", "pct": "%", "mb": "mib", "gb": "gib", "msec": "ms"}
_ACCEPTED = "180gflops, 60% (of the unreduced model), 25ms, 900mib or a range such as 120gflops..300gflops would be accepted"


def parse_budget(text: str) -> Budget:
    """`"180gflops"`, `"60%"`, `"25ms"`, `"2gib"` or `"120gflops..300gflops"` -> Budget; `ValueError` says what would be accepted."""
    parts = text.strip().split("..")
    if len(parts) > 2:
        raise ValueError(f"budget {text!r}: {len(parts)} amounts; {_ACCEPTED}")
    amounts = [_amount(part.strip(), text) for part in parts]
    low, high = amounts[0], amounts[-1]
    if low.unit == high.unit and low.value > high.value:
        raise ValueError(f"budget {text!r}: {low} is above {high}; {high}..{low} would be accepted")
    if len({low.unit, high.unit} - {PERCENT}) > 1:
        raise ValueError(f"budget {text!r}: {UNITS[low.unit]} and {UNITS[high.unit]}; both ends in one unit would be accepted")
    return Budget(low, high)


def _amount(part: str, text: str) -> Amount:
    match = _AMOUNT.fullmatch(part)
    if match is None:
        raise ValueError(f"budget {text!r}: {part!r} is no amount; {_ACCEPTED}")
    value, unit = float(match["value"]), match["unit"].lower()
    unit, factor = _SCALED.get(unit, (unit, 1.0))
    if unit not in (*UNITS, PERCENT):
        meant = f"did you mean {match['value']}{_MEANT.get(unit, COUNTED)}? "
        raise ValueError(f"budget {text!r}: {part!r} has {f'the unknown unit {unit!r}' if unit else 'no unit'}; {meant}{_ACCEPTED}")
    if value <= 0 or (unit == PERCENT and value > 100):
        raise ValueError(f"budget {text!r}: {part!r} is not {'above 0% and at most 100%' if unit == PERCENT else 'above 0'}; {_ACCEPTED}")
    return Amount(value * factor, unit)
