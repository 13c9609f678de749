"""What a reader is asked to read."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Source(NamedTuple):
    """One split of a benchmark, every path settled."""

    task: str
    """One of the benchmark's."""
    split: str
    """One of the benchmark's."""
    annotations: Path
    """The file, or the folder where the benchmark's annotations are one."""
    videos: Path
    """The folder that the annotations' paths are relative to."""
    num_classes: int = 0
    """How many classes there must be; 0: unknown, or there are none."""
