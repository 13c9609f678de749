"""The embedded default: clips of moving shapes, annotated in UMT's JSON layout with classes beside the caption."""

from __future__ import annotations

import json
from pathlib import Path

from tldr_search.data.benchmarks.sample import Sample

ROOT = Path(__file__).parents[2] / "demo" / "clips"
CLASSES = ("red", "green", "blue", "yellow", "purple", "orange", "cyan", "white")
"""The colour that the first object blinks."""


def read(split: str) -> tuple[Sample, ...]:
    """The samples of `search` or `report`, in the order of their files."""
    rows = json.loads((ROOT / f"{split}.json").read_text())
    return tuple(Sample(row["video"], ROOT / row["video"], (row["caption"],), CLASSES.index(row["blink"])) for row in rows)
