"""Videos with their classes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tldr_search.data.benchmarks.record import Record
from tldr_search.data.benchmarks.split import ClassificationSplit, Video


class Labelled(NamedTuple):
    """A video with its class, and where the annotations say so."""

    record: Record
    video: Video
    label: int


def each_once(rows: Iterable[Labelled]) -> list[Labelled]:
    """The rows as they are; `ValueError` if two name the same video: every sample counts once."""
    seen: dict[str, Labelled] = {}
    for row in rows:
        first = seen.setdefault(row.video.name, row)
        if first is not row:
            raise row.record.malformed(f"a video that is not in {first.record.file.name}, line {first.record.line}, already")
    return list(seen.values())


def classification(rows: Iterable[Labelled], classes: tuple[str, ...], *sources: Path) -> ClassificationSplit:
    """The split of these rows; `ValueError` as `each_once`."""
    once = each_once(rows)
    return ClassificationSplit(tuple(row.video for row in once), sources, tuple(row.label for row in once), classes)
