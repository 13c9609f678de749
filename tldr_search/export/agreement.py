"""Whether a written model answers what the eager one does, on random clips.

Which tokens leave hangs on comparisons, and other kernels round otherwise: where two similarities are equal to seven digits, they may
fall in another order, and from there on other tokens are merged. Such a clip proves nothing against the written model if the eager
model itself gives the same answer for the clip changed by rounding errors. That is looked for, and counted as a near tie.
"""

from __future__ import annotations

from collections.abc import Iterator
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
NUDGES = (3e-7, 1e-6, 3e-6) * 6
"""Relative changes of a clip that rounding could have made."""


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
                    found, ties = min(found, _nudged(model, video, written, clip, generator)), ties + 1
                if not found <= TOLERANCE:
                    moved = _difference(model(next(_changed(video, generator))), eager, clip)
                    raise Failed(
                        f"not written, because it differs by {found:.1e} from the model on a random clip ({TOLERANCE:.0e} is allowed); "
                        f"the model itself moves by {moved:.1e} when the clip changes by {NUDGES[0]:.0e}; --no-check would write it"
                    )
                differences.append(found)
    return Agreement(max(differences), len(differences), ties)


def _difference(written: dict[str, Tensor], eager: dict[str, Tensor], clip: int) -> float:
    """The largest of all outputs of a clip; infinite if outputs or shapes are others, or values are not finite."""
    if {name: value.shape for name, value in written.items()} != {name: value.shape for name, value in eager.items()}:
        return float("inf")
    parts = [(written[name][clip] - value[clip]).abs().max() / value[clip].abs().max().clamp_min(1) for name, value in eager.items()]
    return float(torch.stack(parts).nan_to_num(nan=torch.inf).max())


def _nudged(model: Named, video: Tensor, written: dict[str, Tensor], clip: int, generator: torch.Generator) -> float:
    """The smallest difference from what the eager model gives for clips that are changed by rounding errors."""
    smallest = float("inf")
    for other in _changed(video, generator):
        smallest = min(smallest, _difference(written, model(other), clip))
        if smallest <= TOLERANCE:
            break
    return smallest


def _changed(video: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    for size in NUDGES:
        yield video * (1 + size * torch.randn(video.shape, generator=generator))
