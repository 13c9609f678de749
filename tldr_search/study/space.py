"""What is searched: the proportions of a schedule, one number in [0, 1] per slot, and the known shapes among them.

A share is the square of its parameter. Samplers step by about 0.2 in a parameter: squared, such a step out of 0 is a share of
0.04, so the neighbours of an early schedule (600,200,100,0,...) are still early, where with plain shares nine small steps
would remove as much as the schedule itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from tldr_search.config import SHAPES
from tldr_search.published import PUBLISHED
from tldr_search.reducers import Method
from tldr_search.reducers.method import stage_groups, stage_layers
from tldr_search.schedule import Geometry

POWER = 2.0

Shares = tuple[float, ...]
"""One per slot, from 0; only their proportions matter."""


def parameter_names(slots: int) -> tuple[str, ...]:
    """`share_01`, `share_02`, ...: slots counted from 1, as in the papers' tables."""
    return tuple(f"share_{slot:02d}" for slot in range(1, slots + 1))


def to_parameters(shares: Sequence[float]) -> dict[str, float]:
    """Shares -> what a sampler sees, the largest 1; `ValueError` if all shares are 0."""
    largest = max(shares, default=0)
    if largest <= 0:
        raise ValueError(f"shares {tuple(shares)}; at least one above 0 would be accepted")
    return {name: (share / largest) ** (1 / POWER) for name, share in zip(parameter_names(len(shares)), shares, strict=True)}


def to_shares(parameters: Mapping[str, float]) -> Shares:
    """What a sampler proposes -> shares."""
    return tuple(parameters[name] ** POWER for name in parameter_names(len(parameters)))


def shape(name: str, method: Method, geometry: Geometry) -> Shares:
    """Shares of the known shape `name`, one of `SHAPES`."""
    slots = method.slots(geometry)
    if name == "sta":
        return _in_slots(_sta_tokens(geometry), method, geometry)
    if name == "vid-tldr":
        return _in_slots(_vid_tldr_tokens(geometry), method, geometry)
    return (1.0,) * slots if name == "constant" else tuple(float(slots - 1 - slot) for slot in range(slots))


def known_shapes(method: Method, geometry: Geometry) -> dict[str, Shares]:
    """Name -> shares; published ones first. Shapes that are the same for this method appear once, under their first name."""
    distinct: dict[Shares, tuple[str, Shares]] = {}
    for name in SHAPES:
        shares = shape(name, method, geometry)
        distinct.setdefault(tuple(round(share / max(shares), 9) for share in shares), (name, shares))
    return dict(distinct.values())


def _sta_tokens(geometry: Geometry) -> list[float]:
    """STA as published, in tokens per layer: the same r per group at its three stages."""
    tokens = [0.0] * geometry.depth
    for layer, groups in zip(stage_layers(geometry), stage_groups(geometry), strict=True):
        tokens[layer] += groups
    return tokens


def _vid_tldr_tokens(geometry: Geometry) -> list[float]:
    """vid-TLDR as published for MSRVTT, in tokens per layer: of the large model if as deep as that one, else of the base model."""
    model = "umt-l" if geometry.depth >= 24 else "umt-b"
    row = next(p for p in PUBLISHED if (p.method, p.model, p.benchmark) == ("vid-tldr", model, "msrvtt"))
    tokens = [float(r) for r in row.schedule][: geometry.depth]
    return tokens + [0.0] * (geometry.depth - len(tokens))


def _in_slots(tokens: Sequence[float], method: Method, geometry: Geometry) -> Shares:
    """Tokens per layer -> shares per slot: a slot takes what leaves from its layer up to the next slot's, the first all before it, too."""
    ends = (0, *method.acting_layers(geometry)[1:], geometry.depth)
    return tuple(sum(tokens[a:b]) / method.unit(slot, geometry) for slot, (a, b) in enumerate(pairwise(ends)))
