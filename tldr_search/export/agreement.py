"""Whether a written model answers what the eager one does, on random clips.

Which tokens leave hangs on comparisons, and other kernels round otherwise: where two similarities are equal to seven digits, they may
fall in another order, and from there on other tokens are merged. Such a clip proves nothing against the written model if the eager
model itself gives the same answer for the clip changed by rounding errors. That is looked for, and counted as a near tie. Where there
are so many near ties that every such change gives another answer, as for vid-TLDR with random weights, the search ends soon: a file
that cannot be checked is not written.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from tldr_search.export.formats import Run
from tldr_search.export.traced import Named
from tldr_search.mistakes import Failed

TOLERANCE = 1e-4
"""Largest difference of an output, relative to its largest value or 1."""
CLIPS = 4
"""That are compared, at least."""
NUDGES = (3e-7, 1e-6, 3e-6) * 4
"""Relative changes of a clip that rounding could have made."""
FEW = 4
"""Nudges that are enough where each gives another answer; of two near ties, which have four outcomes, two answers would be the same."""


class Nudged(NamedTuple):
    """What the eager model answers when a clip changes by rounding errors."""

    smallest: float
    """Difference from what the written model answers."""
    moved: float
    """The largest difference from what it answers for the clip as it is."""
    always_another: bool
    """Whether no two answers are the same."""


class Agreement(NamedTuple):
    """What came of it."""

    difference: float
    """The largest; see `TOLERANCE`."""
    num_clips: int
    """That were compared."""
    num_ties: int
    """Of them, those where near ties fall another way."""


def compare(model: Named, run: Run, shape: torch.Size) -> Agreement:
    """Of `run`, the written `model`, for clips [B, 3, T, H, W] of this shape; `Failed` if the difference is too large."""
    generator = torch.Generator().manual_seed(1)
    differences, ties = [], 0
    with torch.inference_mode():
        for _ in range(-(-CLIPS // shape[0])):
            video = torch.randn(shape, generator=generator)
            written, eager = run(video), model(video)
            for clip in range(shape[0]):
                found = _difference(written, eager, clip)
                if found > TOLERANCE:
                    found, ties = _near_tie(found, _nudged(model, video, written, eager, clip, generator)), ties + 1
                differences.append(found)
    return Agreement(max(differences), len(differences), ties)


def _near_tie(found: float, nudged: Nudged) -> float:
    """How far the eager model is from the written one beside a near tie; `Failed` if there is none."""
    if nudged.smallest <= TOLERANCE:
        return nudged.smallest
    differs = f"it differs by {found:.1e} from the model on a random clip ({TOLERANCE:.0e} is allowed)"
    changes = f"the clip changes by {NUDGES[0]:.0e} to {max(NUDGES):.0e}"
    if nudged.always_another:
        raise Failed(
            f"not written, because it cannot be checked: {differs}, but the model itself answers something else each time {changes} (by "
            f"up to {nudged.moved:.1e}): rounding decides which tokens leave, as with random weights; trained ones, or --no-check, which "
            "writes it unchecked, would be accepted"
        )
    raise Failed(
        f"not written, because {differs}; the model itself moves by up to {nudged.moved:.1e} when {changes}; --no-check would write it"
    )


def _difference(written: dict[str, Tensor], eager: dict[str, Tensor], clip: int) -> float:
    """The largest of all outputs of a clip; infinite if outputs or shapes are others, or values are not finite."""
    if {name: value.shape for name, value in written.items()} != {name: value.shape for name, value in eager.items()}:
        return float("inf")
    parts = [(written[name][clip] - value[clip]).abs().max() / value[clip].abs().max().clamp_min(1) for name, value in eager.items()]
    return float(torch.stack(parts).nan_to_num(nan=torch.inf).max())


def _nudged(
    model: Named, video: Tensor, written: dict[str, Tensor], eager: dict[str, Tensor], clip: int, generator: torch.Generator
) -> Nudged:
    """Looks for the answer of the written model; ends as soon as it is found, or if there are too many others."""
    seen, smallest, always_another = [eager], float("inf"), False
    for other in _changed(video, generator):
        seen.append(model(other))
        smallest = min(smallest, _difference(written, seen[-1], clip))
        if len(seen) == 1 + FEW:
            always_another = all(_difference(a, b, clip) > TOLERANCE for a, b in combinations(seen, 2))
        if smallest <= TOLERANCE or always_another:
            break
    return Nudged(smallest, max(_difference(answer, eager, clip) for answer in seen[1:]), always_another)


def _changed(video: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    for size in NUDGES:
        yield video * (1 + size * torch.randn(video.shape, generator=generator))
