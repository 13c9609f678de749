"""One annotated video."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Sample(NamedTuple):
    """A video with what is known of it."""

    name: str
    """Unique within the split."""
    video: Path
    captions: tuple[str, ...]
    """Texts that describe it; each is a query of its own."""
    label: int | None
    """Index of its class."""
