"""What a schedule may cost, as it is asked for: `180gflops`, `60%`, `120gflops..300gflops`."""

from __future__ import annotations

import re
from typing import NamedTuple


class Amount(NamedTuple):
    """A cost as it was asked for."""

    value: float
    """In `unit`."""
    unit: str
    """`gflops`, or `%` of the unreduced model."""

    def gflops(self, base: float) -> float:
        """In GFLOPs, for a model whose unreduced cost is `base`."""
        return self.value if self.unit == "gflops" else self.value * base / 100

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

    def gflops(self, base: float) -> tuple[float, float]:
        """(low, high) in GFLOPs, for a model whose unreduced cost is `base`; `ValueError` if the ends are the wrong way round."""
        low, high = self.low.gflops(base), self.high.gflops(base)
        if low > high:
            raise ValueError(f"budget {self}: {low:.4g} GFLOPs is above {high:.4g} GFLOPs; the lower end comes first")
        return low, high

    def __str__(self) -> str:
        return f"{self.low}..{self.high}" if self.is_range else str(self.high)


_AMOUNT = re.compile(r"(?P<value>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>[a-zA-Z%/]*)")
_ACCEPTED = "180gflops, 60% (of the unreduced model) or a range such as 120gflops..300gflops would be accepted"


def parse_budget(text: str) -> Budget:
    """`"180gflops"`, `"0.9gflops"`, `"60%"` or `"120gflops..300gflops"` -> Budget; `ValueError` says what would be accepted."""
    parts = text.strip().split("..")
    if len(parts) > 2:
        raise ValueError(f"budget {text!r}: {len(parts)} amounts; {_ACCEPTED}")
    amounts = [_amount(part.strip(), text) for part in parts]
    low, high = amounts[0], amounts[-1]
    if low.unit == high.unit and low.value > high.value:
        raise ValueError(f"budget {text!r}: {low} is above {high}; {high}..{low} would be accepted")
    return Budget(low, high)


def _amount(part: str, text: str) -> Amount:
    match = _AMOUNT.fullmatch(part)
    if match is None:
        raise ValueError(f"budget {text!r}: {part!r} is no amount; {_ACCEPTED}")
    value, unit = float(match["value"]), match["unit"].lower()
    if unit in ("ms", "s", "us"):
        raise ValueError(f"budget {text!r}: measured latency is not supported yet; {_ACCEPTED}")
    if unit not in ("gflops", "%"):
        meant = f"did you mean {match['value']}{'%' if unit in ('percent', 'pct') else 'gflops'}? "
        raise ValueError(f"budget {text!r}: {part!r} has {f'the unknown unit {unit!r}' if unit else 'no unit'}; {meant}{_ACCEPTED}")
    if value <= 0 or (unit == "%" and value > 100):
        raise ValueError(f"budget {text!r}: {part!r} is not {'above 0% and at most 100%' if unit == '%' else 'above 0'}; {_ACCEPTED}")
    return Amount(value, unit)
