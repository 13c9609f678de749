"""What a schedule costs, layer by layer, in fvcore's convention. Never imports torch.

One multiply-add counts 1. Counted: patch embedding, every linear layer, every matrix product (those that decide which tokens
leave included), 5 per element of a LayerNorm. Not counted: biases, softmax, GELU, residuals, sorting, gathering. GFLOPs are
this count / 1e9 of the vision encoder for one clip: no text tower, no projection.

Notation: n tokens enter a layer, n' = n - r leave it, C channels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from tldr_search.backbones.architectures import Architecture
from tldr_search.reducers import Method, get_method
from tldr_search.schedule import Schedule


class LayerCost(NamedTuple):
    """Multiply-adds of one block."""

    tokens_in: int
    """n"""
    tokens_out: int
    """n'"""
    attention: int
    """Norm, projections and attention itself, on n tokens."""
    decision: int
    """Deciding which tokens leave."""
    mlp: int
    """Norm and MLP, on n' tokens (on n for a method that acts after it)."""

    @property
    def macs(self) -> int:
        """All of the block."""
        return self.attention + self.decision + self.mlp


class Cost(NamedTuple):
    """Multiply-adds of one clip."""

    patch_embed: int
    """Pixels to tokens."""
    layers: tuple[LayerCost, ...]
    """Block by block."""
    tail: int
    """What follows the last block: norms, and the classifier of a VideoMAE."""

    @property
    def macs(self) -> int:
        """All of the vision encoder."""
        return self.patch_embed + sum(layer.macs for layer in self.layers) + self.tail

    @property
    def gflops(self) -> float:
        """`macs` / 1e9, as the papers print it."""
        return self.macs / 1e9

    @property
    def tokens(self) -> tuple[int, ...]:
        """Tokens that enter the first block, then those that leave each block: depth + 1 counts."""
        return self.layers[0].tokens_in, *(layer.tokens_out for layer in self.layers)


class CostModel:
    """Schedule -> `Cost`, equal to fvcore's count of the real encoder to the last unit."""

    def __init__(self, arch: Architecture, method: str | Method = "none") -> None:
        self.arch = arch
        self.method = get_method(method)
        self.geometry = arch.geometry

    def __call__(self, schedule: Sequence[int] = ()) -> Cost:
        """`ValueError` if the schedule is impossible for the model."""
        n, layers = self.geometry.num_tokens, []
        for layer, r in enumerate(self.method.removed(schedule, self.geometry)):
            layers.append(self._layer(layer, n, r))
            n -= r
        return Cost(self._patch_embed(), tuple(layers), self._tail(n))

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

    def _layer(self, layer: int, n: int, r: int) -> LayerCost:
        c = self.geometry.dim
        in_mlp = n if self.method.after_mlp else n - r
        return LayerCost(
            tokens_in=n,
            tokens_out=n - r,
            attention=4 * n * c**2 + 2 * n**2 * c + 5 * n * c,
            decision=self.method.decision_macs(layer, n, r, self.geometry),
            mlp=2 * self.arch.mlp_ratio * in_mlp * c**2 + 5 * in_mlp * c,
        )

    def _patch_embed(self) -> int:
        return self.geometry.num_tokens * self.arch.dim * 3 * self.arch.tubelet * self.arch.patch_size**2

    def _tail(self, n: int) -> int:
        """UMT: final norm of n tokens and norm of their mean. VideoMAE: norm of the mean, classifier."""
        c = self.arch.dim
        return 5 * n * c + 5 * c if self.arch.family == "umt" else 5 * c + c * self.arch.num_classes


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
