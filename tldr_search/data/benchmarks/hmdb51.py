"""HMDB51's official splits: a folder with three files for every class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tldr_search.data.benchmarks.folder import VideoFolder
from tldr_search.data.benchmarks.labelled import Labelled, classification
from tldr_search.data.benchmarks.record import Record, read_lines
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import ClassificationSplit, Video

ACCEPTED = "<file> 0, 1 or 2"
MARKS = {"train": "1", "test": "2"}
"""0: in neither."""


def fits(first: Record | None) -> bool:
    """Whether it is a folder (None)."""
    return first is None


def read(source: Source) -> ClassificationSplit:
    """The videos of the split `train1`, `test1`, ... `test3`, class by class in sorted order, each named `<class>/<file>`.

    `ValueError` for what is malformed or double. Class names have spaces for underscores. Files are found as `VideoFolder.named` says.
    """
    split = re.fullmatch("(train|test)([123])", source.split)
    if split is None:
        raise ValueError(f"split {source.split!r} of {source.annotations}: one of test1 to test3 and train1 to train3 would be accepted")
    ending = f"_test_split{split[2]}.txt"
    files = sorted(source.annotations.glob(f"*{ending}"), key=lambda path: path.name)
    if len(files) != (source.num_classes or len(files)) or not files:
        wanted = source.num_classes or "some"
        raise ValueError(f"{source.annotations}: {len(files)} files <class>{ending}; {wanted} would be accepted")
    names = [path.name.removesuffix(ending) for path in files]
    rows = list(_rows(files, names, MARKS[split[1]], VideoFolder(source.videos)))
    if not rows:
        raise ValueError(f"{source.annotations}: no video of {source.split}; some marked {MARKS[split[1]]} would be accepted")
    return classification(rows, tuple(name.replace("_", " ") for name in names), *files)


def _rows(files: list[Path], names: list[str], wanted: str, folder: VideoFolder) -> Iterator[Labelled]:
    for label, (path, name) in enumerate(zip(files, names, strict=True)):
        for record in read_lines(path, ACCEPTED):
            line = re.fullmatch(r"(.*\S)\s+([012])", record.text)
            if line is None:
                raise record.malformed(ACCEPTED)
            if line[2] == wanted:
                written = f"{name}/{line[1]}"
                yield Labelled(record, Video(written, folder.named(written)), label)
