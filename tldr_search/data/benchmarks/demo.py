"""The embedded default: clips of moving shapes, annotated in UMT's JSON layout with classes beside the caption."""

from __future__ import annotations

import json
from pathlib import Path

from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import ClassificationSplit, RetrievalSplit, Video

ROOT = Path(__file__).parents[2] / "demo" / "clips"
CLASSES = ("red", "green", "blue", "yellow", "purple", "orange", "cyan", "white")
"""The colour that the first object blinks."""


def read(source: Source) -> RetrievalSplit | ClassificationSplit:
    """The clips of `search` or `report`, in the order of their files; they lie in the package, wherever `source` says."""
    path = ROOT / f"{source.split}.json"
    rows = json.loads(path.read_text())
    videos = tuple(Video(row["video"], ROOT / row["video"]) for row in rows)
    if source.task == "retrieval":
        return RetrievalSplit(videos, (path,), tuple(row["caption"] for row in rows), tuple((i,) for i in range(len(rows))))
    return ClassificationSplit(videos, (path,), tuple(CLASSES.index(row["blink"]) for row in rows), CLASSES)
