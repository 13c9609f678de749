"""What does not fit, and what the file looks like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from torch import Size, Tensor

from tldr_search.backbones.architecture import Architecture, PlainArchitecture, SwinArchitecture
from tldr_search.backbones.architectures import ARCHITECTURES
from tldr_search.backbones.checkpoints.rules import Layout

ONE_BY_ONE = 20
"""Up to so many misfits are written out; of more, alike names become one pattern."""
ALIKE = 2
"""So many names that differ in one number, or more, are alike."""


class Sizes(NamedTuple):
    """What can be read off the shapes of a video side; also what an architecture has of it."""

    dim: int
    depth: int | tuple[int, ...]
    patch: int
    tubelet: int
    bias_table: int | None
    """Rows of a Swin's relative position bias: tells the window."""

    def __str__(self) -> str:
        return f"dim {self.dim}, depth {self.depth}, patch {self.patch}"


class Wanted(NamedTuple):
    """What was asked for."""

    arch: Architecture
    purpose: str = ""
    """`retrieval` or `question answering`; empty for the video side alone."""


def sizes_of(arch: Architecture) -> Sizes:
    """Of a row of the table."""
    if isinstance(arch, SwinArchitecture):
        t, h, w = (2 * side - 1 for side in arch.window)
        return Sizes(arch.dim, arch.depths, arch.patch_size, arch.tubelet, t * h * w)
    assert isinstance(arch, PlainArchitecture)
    return Sizes(arch.dim, arch.depth, arch.patch_size, arch.tubelet, None)


def sizes_in(tensors: Mapping[str, Tensor]) -> Sizes | None:
    """Of a checkpoint under canonical names; None without a patch embedding."""
    kernel = next((value for name, value in tensors.items() if re.fullmatch(r"(.*\.)?patch_embed\.proj\.weight", name)), None)
    if kernel is None or kernel.ndim != 5:
        return None
    dim, _, tubelet, patch, _ = kernel.shape
    table = tensors.get("layers.0.blocks.0.attn.relative_position_bias_table")
    if table is None:
        return Sizes(dim, _depth(tensors, r"(?:.*encoder\.)blocks\.(\d{1,9})\..*"), patch, tubelet, None)
    depths = tuple(_depth(tensors, rf"layers\.{stage}\.blocks\.(\d{{1,9}})\..*") for stage in range(4))
    return Sizes(dim, depths, patch, tubelet, table.shape[0] if table.ndim else 0)


def _depth(tensors: Mapping[str, Tensor], pattern: str) -> int:
    return max((int(found[1]) + 1 for name in tensors if (found := re.fullmatch(pattern, name))), default=0)


def published_like(layout: Layout | None, tensors: Mapping[str, Tensor], wanted: Wanted) -> str | None:
    """The row of the table whose sizes the file has, what was asked for first, then the likeliest family."""
    sizes = sizes_in(tensors)
    rows = sorted(ARCHITECTURES.values(), key=lambda row: row.name != wanted.arch.name)
    families = layout.families if layout else ()
    return next((row.name for family in families for row in rows if row.family == family and sizes_of(row) == sizes), None)


def is_another(like: str | None, wanted: Wanted) -> bool:
    """Whether `like`, a row of the table, is a model of other sizes than the row that was asked for, whatever was overridden."""
    return like is not None and sizes_of(ARCHITECTURES[like]) != sizes_of(ARCHITECTURES[wanted.arch.name])


def guess(layout: Layout | None, tensors: Mapping[str, Tensor], wanted: Wanted) -> str:
    """One sentence: what the file looks like, and where that is something else, what was asked for."""
    arch = wanted.arch
    asked = f"you asked for {arch.name}{f' for {wanted.purpose}' if wanted.purpose else ''} ({sizes_of(arch)})"
    if layout is None:
        return f"this looks like no checkpoint that is known here, {asked}"
    sizes, row = sizes_in(tensors), published_like(layout, tensors, wanted)
    details = ": ".join([layout.name] * bool(row) + [str(sizes)] * bool(sizes))
    looks = f"this looks like {row or layout.name}{f' ({details})' if details else ''}"
    as_asked = arch.family in layout.families and sizes == sizes_of(arch) and row in (arch.name, None)
    return looks if as_asked and not wanted.purpose else f"{looks}, {asked}"


def misfits(
    expected: Mapping[str, Size], given: Mapping[str, Size], unexpected: Iterable[str], odd: Mapping[str, str] | None = None
) -> list[str]:
    """All that does not fit; alike names together where it is much: "missing blocks.{0..11}.norm1.bias".

    `odd` says what else than its shape is wrong with a tensor.
    """
    missing, unexpected = expected.keys() - given.keys(), list(dict.fromkeys(unexpected))
    wrong: dict[str, list[str]] = {}
    for name in sorted(given.keys() & expected.keys()):
        if odd and name in odd:
            wrong.setdefault(odd[name], []).append(name)
        elif given[name] != expected[name]:
            wrong.setdefault(f"is {list(given[name])} where {list(expected[name])} is expected", []).append(name)
    many = len(missing) + len(unexpected) + sum(map(len, wrong.values())) > ONE_BY_ONE
    write = summary if many else sorted
    problems = [f"missing {name}" for name in write(missing)]
    problems += [f"unexpected {name}" for name in write(unexpected)]
    problems += [f"{name} {what}" for what, names in wrong.items() for name in write(names)]
    return problems


def summary(names: Iterable[str]) -> list[str]:
    """Names in natural order; `ALIKE` or more that differ in one number become one: a.{0..11}.b. First the first number is tried."""
    places = sorted({_split(name) for name in names}, key=lambda parts: [int(p) if i % 2 else p for i, p in enumerate(parts)])
    most = max((len(parts) // 2 for parts in places), default=0)
    for place in range(1, 2 * most, 2):
        places = _merged(places, place)
    return _paired("".join(parts) for parts in places)


def _paired(names: Iterable[str]) -> list[str]:
    """a.bias, a.weight -> a.{bias,weight}"""
    all_names, paired = list(names), []
    for name in all_names:
        layer, _, kind = name.rpartition(".")
        if kind == "weight" and f"{layer}.bias" in all_names:
            continue
        paired.append(f"{layer}.{{bias,weight}}" if kind == "bias" and f"{layer}.weight" in all_names else name)
    return paired


def _split(name: str) -> tuple[str, ...]:
    """Text, number, text, number, ..., text."""
    return tuple(re.split(r"(?<![^.])(\d{1,9})(?![^.])", name))


def _merged(names: list[tuple[str, ...]], place: int) -> list[tuple[str, ...]]:
    alike: dict[tuple[str, ...], list[str]] = {}
    for parts in names:
        key = (*parts[:place], "*", *parts[place + 1 :]) if len(parts) > place else parts
        alike.setdefault(key, []).append(parts[place] if len(parts) > place else "")
    merged: list[tuple[str, ...]] = []
    for key, numbers in alike.items():
        if len(numbers) >= ALIKE:
            merged.append((*key[:place], _ranges([int(n) for n in numbers]), *key[place + 1 :]))
        elif len(key) > place:
            merged += [(*key[:place], n, *key[place + 1 :]) for n in numbers]
        else:
            merged.append(key)
    return merged


def _ranges(numbers: list[int]) -> str:
    """0, 1, 2, 5 -> {0..2,5}"""
    runs: list[list[int]] = []
    for n in sorted(numbers):
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return "{" + ",".join(f"{run[0]}..{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) + "}"
