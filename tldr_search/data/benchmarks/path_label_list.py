"""Lists of `<path> <label>`: VideoMAE's CSV files (paths verbatim), mmaction's and ViFi-CLIP's lists (paths below the videos folder)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tldr_search.data.benchmarks.class_names import names_beside
from tldr_search.data.benchmarks.folder import VideoFolder
from tldr_search.data.benchmarks.labelled import Labelled, classification
from tldr_search.data.benchmarks.record import Record, read_lines, whole_number
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import ClassificationSplit, Video

ACCEPTED = "<path> <label>"


def fits(first: Record | None) -> bool:
    """Whether a file that begins so is such a list (None: a folder)."""
    return first is not None and _pair(first) is not None


def read(source: Source, *, by_name: bool = False) -> ClassificationSplit:
    """A video a line, named as written; labels count from 0. `ValueError` for what is malformed or double.

    The path ends at the last white space, and may hold some. `by_name`: files are found as `VideoFolder.named` says. Class names are
    those that `names_beside` finds.
    """
    classes, files = names_beside(source.annotations, source.num_classes)
    rows = read_rows(source.annotations, source.videos, source.num_classes or len(classes), by_name=by_name)
    return classification(rows, classes, source.annotations, *files)


def read_rows(path: Path, videos: Path, num_classes: int, *, by_name: bool) -> Iterator[Labelled]:
    """The lines of one list; `ValueError` for a label that is not below `num_classes` (0: any)."""
    folder = VideoFolder(videos)
    for record in read_lines(path, ACCEPTED):
        pair = _pair(record)
        if pair is None or (num_classes and pair[1] >= num_classes):
            labels = f", labels from 0 to {num_classes - 1}," if num_classes else ""
            raise record.malformed(ACCEPTED + labels)
        name, label = pair
        yield Labelled(record, Video(name, folder.named(name) if by_name else videos / name), label)


def _pair(record: Record) -> tuple[str, int] | None:
    name, *rest = record.text.rsplit(maxsplit=1)
    label = whole_number(rest[0]) if rest else None
    return None if label is None else (name, label)
