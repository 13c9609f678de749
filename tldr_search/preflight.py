"""What can be known to be impossible before any work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tldr_search.config.settings import PROCESSES
from tldr_search.files import no_empty


def check_hardware(precision: str, devices: int = 1) -> None:
    """`ValueError` for what the Trainer would replace or refuse; imports torch only where there is something to ask."""
    if precision != "fp16" and devices == 1:
        return
    import torch

    if torch.cuda.is_available():
        there = most = torch.cuda.device_count()
        kind = "GPUs"
    elif torch.backends.mps.is_available():
        there = most = 1
        kind = "MPS devices"
    elif precision == "fp16":
        raise ValueError("precision: fp16 needs a GPU, and there is none here; fp32 or bf16 would be accepted")
    else:
        there, most = os.cpu_count() or 1, PROCESSES
        kind = "CPU cores (and no GPU)"
    if devices > most:
        raise ValueError(f"devices: {devices}, but there are {there} {kind} here; a whole number from 1 to {most} would be accepted")


def check_writable(directory: Path) -> None:
    """`ValueError` if the directory cannot be made, or not be written to."""
    existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise ValueError(f"out: {str(directory)!r} cannot be made ({existing} is no directory); another directory would be accepted")
    if not os.access(existing, os.W_OK):
        raise ValueError(f"out: {str(directory)!r} cannot be written to; a directory of yours would be accepted")


@contextmanager
def made(directory: Path) -> Iterator[Path]:
    """Made now, rather than after the work whose result goes there; if the work fails, what was made goes again unless it left something.

    `ValueError` if it cannot be made, or not be written to.
    """
    check_writable(directory)
    with no_empty(directory):
        yield _make(directory)


def _make(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"out: {str(directory)!r} cannot be made ({error.strerror}); another directory would be accepted") from error
    return directory
