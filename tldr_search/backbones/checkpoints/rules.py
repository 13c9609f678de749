"""How the names and tensors of a published form become those of the modules here (the canonical ones)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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
    odd: dict[str, str]
    """Canonical name -> why its tensor is no parameter ("is int64 where a float is expected"); of the tensor only the shape is kept."""


def same(pattern: str) -> Rule:
    """Canonical already."""
    return Rule(f"({pattern})", r"\1")


def transposed(x: Tensor) -> Tensor:
    """[A, B] -> [B, A]; any other shape stays, to be told as a misfit."""
    return x.t().contiguous() if x.ndim == 2 else x


def one_frame(x: Tensor) -> Tensor:
    """[C, 3, p, p] -> [C, 3, 1, p, p]; any other shape stays."""
    return x.unsqueeze(2) if x.ndim == 4 else x


def token(x: Tensor) -> Tensor:
    """[C] -> [1, 1, C]"""
    return x[None, None]


def table(x: Tensor) -> Tensor:
    """[N, C] -> [1, N, C]"""
    return x[None]


def third(x: Tensor, i: int) -> Tensor:
    """[3 C] -> [C]; what has no three thirds gets a shape that fits nowhere, to be told as a misfit."""
    return x.chunk(3)[i].clone() if x.ndim == 1 and len(x) % 3 == 0 else x[None, None]


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


def convert(state: Mapping[str, Tensor], layout: Layout, others: Iterable[str] = ()) -> Converted:
    """Every name of the file ends up in a tensor, among the dropped, or in `unknown`; so does every name of `others`, no tensors."""
    made = Converted({}, {}, [name for name in others if not re.fullmatch(layout.dropped, name)], {})
    thirds: dict[str, dict[int, str]] = {}
    for name, value in state.items():
        if re.fullmatch(layout.dropped, name):
            continue
        places = _places(layout, name)
        if not places:
            made.unknown.append(name)
        for target, rule in places:
            if rule.third is not None:
                thirds.setdefault(target, {})[rule.third] = name
            elif target in made.tensors:
                made.unknown.append(name)
            else:
                _put(made, target, name, [value], rule.change)
    for target, parts in thirds.items():
        values = [state[name] for name in parts.values()]
        if len(parts) == 3 and len({x.shape for x in map(_usable, values)}) == 1 and _usable(values[0]).ndim:
            _put(made, target, parts[0], [state[parts[i]] for i in range(3)], None)
        else:
            made.unknown.extend(parts.values())
    return made


def _put(made: Converted, target: str, source: str, parts: list[Tensor], change: Callable[[Tensor], Tensor] | None) -> None:
    """The parts, one below the other, changed, under `target`; where one is no parameter, only their shape."""
    oddities = [what for x in parts if (what := _oddity(x))]
    if oddities:
        made.odd[target] = oddities[0]
        parts = [_usable(x).to("meta") for x in parts]
    whole = torch.cat(parts) if len(parts) > 1 else parts[0]
    made.tensors[target] = change(whole) if change else whole
    made.sources[target] = source


def _oddity(x: Tensor) -> str:
    """Why a tensor cannot be a parameter; empty if it can."""
    if x.is_meta:
        return "is a shape without values (meta)"
    if x.is_nested or x.is_quantized or x.layout != torch.strided:
        kind = "nested" if x.is_nested else "quantized" if x.is_quantized else str(x.layout).removeprefix("torch.")
        return f"is {kind} where a dense float is expected"
    return "" if x.is_floating_point() else f"is {str(x.dtype).removeprefix('torch.')} where a float is expected"


def _usable(x: Tensor) -> Tensor:
    """One whose shape can be asked for."""
    return torch.empty((), device="meta") if x.is_nested else x if not _oddity(x) else torch.empty(x.shape, device="meta")


def _places(layout: Layout, name: str) -> list[tuple[str, Rule]]:
    found = ((_compiled(rule.pattern).fullmatch(name), rule) for rule in layout.rules)
    return [(match.expand(rule.target), rule) for match, rule in found if match]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
