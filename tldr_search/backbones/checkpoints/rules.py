"""How the names and tensors of a published form become those of the modules here (the canonical ones)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

WEIGHT_OR_BIAS = r"\.(?:weight|bias)"
"""Pattern of how the names of most parameters end."""


class Rule(NamedTuple):
    """Where a tensor goes. Every rule whose pattern is the whole name applies, so that one tensor can go to several places."""

    pattern: str
    """Regular expression of the name in the file."""
    target: str
    """Canonical name, a template of the pattern's groups."""
    change: Callable[[Tensor], Tensor] | None = None
    """How the tensor is turned into the canonical one; None: as it is."""
    third: int | None = None
    """The tensor is only this third of the target's rows (queries, keys and values, stored apart)."""


class Layout(NamedTuple):
    """A published form of a checkpoint."""

    name: str
    """With its article, for messages."""
    families: tuple[str, ...]
    """Families of architectures that it fills, the likeliest first; none: it is only recognised."""
    marks: tuple[str, ...]
    """Regular expressions; a file has this form if each is the whole of some name in it."""
    rules: tuple[Rule, ...] = ()
    """Every parameter, of the video side and of what comes with it."""
    dropped: str = r"(?!)"
    """Regular expression: keys that are known to be there besides and of no use."""


class Converted(NamedTuple):
    """A checkpoint under canonical names."""

    tensors: dict[str, Tensor]
    """Canonical name -> tensor."""
    sources: dict[str, str]
    """Canonical name -> (first) name in the file."""
    unknown: list[str]
    """Names in the file that the form does not know, or that say again what another one said."""


def same(pattern: str) -> Rule:
    """Canonical already."""
    return Rule(f"({pattern})", r"\1")


def transposed(x: Tensor) -> Tensor:
    """[A, B] -> [B, A]"""
    return x.t().contiguous()


def one_frame(x: Tensor) -> Tensor:
    """[C, 3, p, p] -> [C, 3, 1, p, p]"""
    return x.unsqueeze(2)


def token(x: Tensor) -> Tensor:
    """[C] -> [1, 1, C]"""
    return x[None, None]


def table(x: Tensor) -> Tensor:
    """[N, C] -> [1, N, C]"""
    return x[None]


def without_prefix(state: Mapping[str, Tensor], prefix: str = "module.") -> dict[str, Tensor]:
    """Without what DistributedDataParallel puts in front of every name."""
    wrapped = all(name.startswith(prefix) for name in state)
    return {name.removeprefix(prefix): value for name, value in state.items()} if wrapped else dict(state)


def recognise(state: Mapping[str, Tensor], layouts: tuple[Layout, ...]) -> Layout | None:
    """The first form all of whose marks are in the file."""
    for layout in layouts:
        if all(any(re.fullmatch(mark, name) for name in state) for mark in layout.marks):
            return layout
    return None


def convert(state: Mapping[str, Tensor], layout: Layout) -> Converted:
    """Every name of the file ends up in a tensor, among the dropped, or in `unknown`."""
    tensors: dict[str, Tensor] = {}
    sources: dict[str, str] = {}
    thirds: dict[str, dict[int, str]] = {}
    unknown = []
    for name, value in state.items():
        if re.fullmatch(layout.dropped, name):
            continue
        places = _places(layout, name)
        if not places:
            unknown.append(name)
        for target, rule in places:
            if rule.third is not None:
                thirds.setdefault(target, {})[rule.third] = name
            elif target in tensors:
                unknown.append(name)
            else:
                tensors[target] = rule.change(value) if rule.change else value
                sources[target] = name
    for target, parts in thirds.items():
        if len(parts) == 3 and len({state[name].shape for name in parts.values()}) == 1:
            tensors[target] = torch.cat([state[parts[i]] for i in range(3)])
            sources[target] = parts[0]
        else:
            unknown += parts.values()
    return Converted(tensors, sources, unknown)


def _places(layout: Layout, name: str) -> list[tuple[str, Rule]]:
    found = ((_compiled(rule.pattern).fullmatch(name), rule) for rule in layout.rules)
    return [(match.expand(rule.target), rule) for match, rule in found if match]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
