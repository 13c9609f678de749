"""How much may leave, and what schedules of given proportions can cost: what is said where a variant is impossible."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tldr_search.study.ground import Ground

DIGITS = 4
"""Of a budget to type: rounding up by them stays far within the tolerance of a budget."""
_HALVINGS = 64


def largest(slot: int, ground: Ground) -> int:
    """The most that may leave in one slot, on both models, where nothing leaves in the others."""
    return ground.clip([ground.source.num_tokens * (i == slot) for i in range(ground.slots)])[slot]


def cheapest(shares: Sequence[float], ground: Ground) -> float:
    """What is left to pay once the slots that have a share are full."""
    return _price(shares, _full(shares, ground), ground)


def around(shares: Sequence[float], budget: float, ground: Ground) -> tuple[float, float]:
    """What the two neighbours of these proportions cost, (within the budget, above it); `budget` from `cheapest`, below the base."""
    above, within = 0.0, _full(shares, ground)
    for _ in range(_HALVINGS):
        middle = (above + within) / 2
        above, within = (above, middle) if _price(shares, middle, ground) <= budget else (middle, within)
    return _price(shares, within, ground), _price(shares, above, ground)


def budget_text(price: float) -> str:
    """As it is typed, rounded up: `181.5gflops`."""
    step = 10.0 ** (math.floor(math.log10(price)) + 1 - DIGITS)
    rounded = f"{math.ceil(round(price / step, 6)) * step:.{DIGITS}g}"
    return f"{int(float(rounded)) if 'e+' in rounded else rounded}gflops"


def layers_text(layers: Sequence[int]) -> str:
    """`layer 3`, `layers 1 to 12`, `layers 1, 5, 9`."""
    if len(layers) > 2 and list(layers) == list(range(layers[0], layers[-1] + 1)):
        return f"layers {layers[0]} to {layers[-1]}"
    return f"layer{'s' * (len(layers) > 1)} {', '.join(map(str, layers))}"


def _full(shares: Sequence[float], ground: Ground) -> float:
    """A scale at which every slot with a share is asked for all tokens."""
    return (ground.source.num_tokens + 1) / min(share for share in shares if share > 0)


def _price(shares: Sequence[float], scale: float, ground: Ground) -> float:
    most = ground.source.num_tokens
    return ground.price(ground.clip([min(most, math.floor(scale * share)) for share in shares]))
