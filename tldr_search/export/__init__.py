"""A reduced encoder as a file that runs without this package, its schedule baked in, for clips of one shape."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

import tldr_search
from tldr_search.export.agreement import Agreement, compare
from tldr_search.export.formats import FORMATS, check_format
from tldr_search.export.traced import INPUT, Named
from tldr_search.reduced import Reduced

__all__ = ["Exported", "export"]


class Exported(NamedTuple):
    """What was written."""

    paths: tuple[Path, ...]
    """The file; of an ONNX model beyond 2 GiB also the one with its weights, which belongs beside it."""
    num_bytes: int
    """Of all of them."""
    inputs: dict[str, tuple[int, ...]]
    """Name -> shape."""
    outputs: dict[str, tuple[int, ...]]
    """Name -> shape."""
    metadata: dict[str, str]
    """What the file says about itself."""
    agreement: Agreement | None
    """With the model that it was written from; None if it was not looked at."""


def export(
    reduced: Reduced, path: Path, batch_size: int = 1, check: bool = True, tell: Callable[[str], None] = lambda line: None
) -> Exported:
    """Writes `reduced`, whose name ends in .pt2 or .onnx; the file appears when it is whole and, unless `check` is off, right.

    `tell` hears what is being done. `ValueError` for another suffix, or if a package that the format needs is missing; `Failed` if the
    written model answers something else than the eager one: then nothing is left behind.
    """
    check_format(path)
    if batch_size < 1:
        raise ValueError(f"batch size {batch_size}; a whole number from 1 would be accepted")
    format_, model = FORMATS[path.suffix.lower()], Named(reduced).eval()
    video = torch.randn(batch_size, *reduced.clip_shape, generator=torch.Generator().manual_seed(0))
    start = time.perf_counter()
    tell(f"tracing {reduced.model}, {reduced.method}")
    with torch.no_grad():
        example = model(video)  # first as it is: what is the same for all clips is computed once, and is then a constant of the trace
        program = torch.export.export(model, (video,), strict=False)
    metadata = _metadata(reduced, batch_size)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        tell(f"writing {path} ({time.perf_counter() - start:.0f} s)")
        format_.write(program, video, list(example), Path(folder) / path.name, metadata)
        found = None
        if check and (run := format_.load(Path(folder) / path.name)):
            tell(f"checking {path} ({time.perf_counter() - start:.0f} s)")
            found = compare(model, run, video.shape)
        paths = tuple(file.replace(path.parent / file.name) for file in sorted(Path(folder).iterdir()))
    shapes = {name: tuple(value.shape) for name, value in example.items()}
    return Exported(paths, sum(file.stat().st_size for file in paths), {INPUT: tuple(video.shape)}, shapes, metadata, found)


def _metadata(reduced: Reduced, batch_size: int) -> dict[str, str]:
    return {
        "model": reduced.model,
        "method": reduced.method,
        "schedule": ",".join(map(str, reduced.schedule)),
        "gflops": f"{reduced.gflops:.6f}",
        "batch_size": str(batch_size),
        "tldr_search": tldr_search.__version__,
        "torch": torch.__version__,
    }
