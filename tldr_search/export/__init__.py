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
from tldr_search.export.formats import FORMATS, check_format, check_number
from tldr_search.export.traced import INPUT, trace
from tldr_search.files import named
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
    check_number(batch_size)
    format_, start = FORMATS[path.suffix.lower()], time.perf_counter()
    tell(f"tracing {reduced.model}, {reduced.method}")
    traced, metadata = trace(reduced, batch_size), _metadata(reduced, batch_size)
    target = path.resolve()  # a link stays, and what it names is written
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=target.parent) as folder:
        tell(f"writing {path} ({time.perf_counter() - start:.0f} s)")
        file, agreement = Path(folder) / path.name, None
        with named(path):
            format_.write(traced.program, traced.video, list(traced.outputs), file, metadata)
        if check and (run := format_.load(file)):
            tell(f"checking {path} ({time.perf_counter() - start:.0f} s)")
            agreement = compare(traced.model, run, traced.video.shape)
        paths = tuple(_placed(written, path, target) for written in sorted(Path(folder).iterdir()))
    shapes = {name: tuple(value.shape) for name, value in traced.outputs.items()}
    return Exported(paths, sum(file.stat().st_size for file in paths), {INPUT: tuple(traced.video.shape)}, shapes, metadata, agreement)


def _placed(written: Path, path: Path, target: Path) -> Path:
    """Moves the file itself to `target`, and any other beside it; where the user finds it."""
    if written.name != path.name:
        return written.replace(target.parent / written.name)
    written.replace(target)
    return path


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
