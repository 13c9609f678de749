"""What will be drawn of a few clips, as numbers, and its file. Never imports torch.

Notation: n clips, T temporal positions, P = t h w patches (of a Swin: cells) in this order, L layers, K tokens that are left.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import numpy as np
from numpy.typing import NDArray

from tldr_search.files import write_whole
from tldr_search.records import restored, versioned

FILE = "removed.npz"
FORMAT = 1
"""Version of the file; a reader refuses others."""
MEASURES = ("saliency", "attentiveness", "rollout")
"""What is told of each patch, in the order in which it is drawn."""
Array = NDArray[Any]
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What damaged archives bring about."""


class Reduction(NamedTuple):
    """What one schedule left of every clip."""

    method: str
    """As `get_method` takes it."""
    schedule: tuple[int, ...]
    """In the counts of the cost model."""
    evaluated: tuple[int, ...]
    """In the counts of the evaluated model, which is what ran."""
    gflops: float
    """Per clip, of the cost model."""
    rows: Array
    """[n, P] int32: the token that represents each patch, -1 where it was pruned."""
    size: Array
    """[n, K] float32: mass of each token."""

    def tokens_left(self, clip: int) -> int:
        """Of a clip; class tokens represent no patch and are not counted."""
        rows = self.rows[clip]
        return len(np.unique(rows[rows >= 0]))


@dataclass(frozen=True)
class Removal:
    """What a model attends to in some clips, and what reductions leave of them."""

    model: str
    """The evaluated model."""
    cost_model: str
    """The model whose cost is counted."""
    grid: tuple[int, int, int]
    """Patches along (time, height, width)."""
    tubelet: int
    """Frames of a temporal position."""
    apart: bool
    """Every frame is encoded by itself."""
    unit: str
    """What a place of the grid is: `patch` or `cell`."""
    asked: int
    """How many clips were asked for."""
    names: tuple[str, ...]
    """Of the clips."""
    captions: tuple[str, ...]
    """What is known of each: caption, class or question; empty for nothing."""
    excluded: Mapping[str, str]
    """Clips that could not be read, and why."""
    layers: tuple[int, ...]
    """Layers of the maps, from 1."""
    frames: Array
    """[n, T, H, W, 3] uint8: the first frame of each temporal position, as the model sees it."""
    maps: Mapping[str, Array]
    """Measure -> [n, L, P] float16, of the unreduced model: `saliency` (vid-TLDR Eq. 5-9) in [0, 1], and `attentiveness` (Eq. 3), the mean
    attention that a patch receives, as a multiple of an even share, so that its mean is 1. `rollout` [n, 1, P], likewise, is that through
    all layers (Abnar and Zuidema 2020); there is none of attention within windows."""
    reductions: tuple[Reduction, ...]
    """In the order in which they are shown."""

    @property
    def num_patches(self) -> int:
        """Places of the grid, P."""
        t, h, w = self.grid
        return t * h * w


def save(removal: Removal, path: Path) -> None:
    """Writes one compressed file, whole or not at all."""
    write_whole(path, content(removal))


def content(removal: Removal) -> bytes:
    """What is in the file."""
    arrays = {"frames": removal.frames, **{f"map_{name}": values for name, values in removal.maps.items()}}
    for i, reduction in enumerate(removal.reductions):
        arrays |= {f"rows_{i}": reduction.rows, f"size_{i}": reduction.size}
    about = {name: value for name, value in vars(removal).items() if name not in ("frames", "maps", "reductions")}
    about["reductions"] = [_about(reduction) for reduction in removal.reductions]
    text = json.dumps({"format": FORMAT, "measures": list(removal.maps), **about})
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, about=np.frombuffer(text.encode(), np.uint8), **arrays)
    return file.getvalue()


def load(path: Path) -> Removal:
    """Reads what `save` wrote; `ValueError` for a file that is missing, damaged or something else."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file; the {FILE} of a study or of `visualize` would be accepted")
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no archive, or part of one")
        with np.load(path, allow_pickle=False) as arrays:
            found = _removal(arrays)
    except DAMAGE as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(f"{path} is no {FILE}, or a damaged one ({why}); what wrote it writes it again") from error
    return found


def _about(reduction: Reduction) -> dict[str, Any]:
    return {name: value for name, value in reduction._asdict().items() if name not in ("rows", "size")}


def _removal(arrays: Mapping[str, Array]) -> Removal:
    version, about = versioned(arrays["about"].tobytes().decode())
    if version != FORMAT:
        raise ValueError(f"format {version!r}; format {FORMAT} would be accepted")
    maps = {name: arrays[f"map_{name}"] for name in restored(tuple[str, ...], about.pop("measures"), "measures")}
    told = about.pop("reductions")
    reductions = tuple(_reduction(row, arrays[f"rows_{i}"], arrays[f"size_{i}"]) for i, row in enumerate(told))
    kinds = get_type_hints(Removal)
    plain = {name: restored(kinds[name], value, name) for name, value in about.items()}
    found = Removal(**plain, frames=arrays["frames"], maps=maps, reductions=reductions)
    _check(found)
    return found


def _reduction(row: dict[str, Any], rows: Array, size: Array) -> Reduction:
    kinds = get_type_hints(Reduction)
    plain = {name: restored(kinds[name], row[name], name) for name in ("method", "schedule", "evaluated", "gflops")}
    return Reduction(**plain, rows=rows, size=size)


def _check(found: Removal) -> None:
    """`ValueError` for parts that do not belong together."""
    t, h, w = found.grid
    clips, patches, layers = len(found.names), t * h * w, len(found.layers)
    wanted = {"frames": (found.frames, (clips, t, *found.frames.shape[2:4], 3))}
    wanted |= {name: (values, (clips, 1 if name == "rollout" else layers, patches)) for name, values in found.maps.items()}
    wanted |= {f"rows of {r.method}": (r.rows, (clips, patches)) for r in found.reductions}
    wanted |= {f"size of {r.method}": (r.size, (clips, *r.size.shape[1:])) for r in found.reductions}
    for name, (values, shape) in wanted.items():
        if values.shape != shape:
            raise ValueError(f"{name} of shape {values.shape}; {shape} would be accepted")
    if len(found.captions) != clips or not clips or found.frames.dtype != np.uint8:
        raise ValueError(f"{clips} clips, {len(found.captions)} captions, frames of {found.frames.dtype}; whole clips would be accepted")
    for name, values in found.maps.items():
        if name not in MEASURES or values.dtype.kind != "f" or not np.isfinite(values).all():
            raise ValueError(f"map {name!r} as {values.dtype}; numbers for {', '.join(MEASURES)} would be accepted")
    for r in found.reductions:
        if r.rows.dtype.kind != "i" or r.size.dtype.kind != "f" or not np.isfinite(r.size).all() or r.size.min() < 0:
            raise ValueError(f"{r.method}: tokens as {r.rows.dtype}, sizes as {r.size.dtype}; whole numbers and masses would be accepted")
        if r.rows.min() < -1 or r.rows.max() >= r.size.shape[1]:
            raise ValueError(f"{r.method}: patches of tokens {r.rows.min()} to {r.rows.max()} of {r.size.shape[1]}")
