"""UCF101's official train and test lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tldr_search.data.benchmarks.folder import VideoFolder
from tldr_search.data.benchmarks.labelled import Labelled, classification
from tldr_search.data.benchmarks.record import Record, read_lines, whole_number
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import ClassificationSplit, Video

ACCEPTED = "<class>/<file>"
INDEX = "classInd.txt"
"""The classes, beside the list, counted from 1."""
LINE = re.compile(r"(?P<path>(?P<folder>[^/]+)/\S+)(?:\s+(?P<number>[0-9]{1,9}))?")


def fits(first: Record | None) -> bool:
    """Whether a file that begins so is one: without labels, or with others than those of `classInd.txt` beside it counted from 0.

    `ValueError` where only `classInd.txt` could tell from which number labels count, and it is missing: `<class>/<file> <number>`.
    """
    line = first and LINE.fullmatch(first.text)
    if first is None or not line:
        return False
    if line["number"] is None:
        return True
    index, number = first.file.with_name(INDEX), int(line["number"])
    if index.is_file():
        label = _labels(_classes(index)).get(line["folder"].lower())
        return label is not None and label != number
    if number and line["path"].count("/") == 1:
        raise first.malformed(f"{INDEX} beside the list, to tell whether its numbers count from 0 or from 1,")
    return False


def read(source: Source) -> ClassificationSplit:
    """A video a line, named as written, its class that of its folder, ignoring case. `ValueError` for what is malformed or double.

    Files are found as `VideoFolder.named` says: those of HandstandPushups are spelled otherwise than their folder.
    """
    index = source.annotations.with_name(INDEX)
    classes = _classes(index)
    if source.num_classes and len(classes) != source.num_classes:
        raise ValueError(f"{index}: {len(classes)} classes; {source.num_classes}, or another num_classes, would be accepted")
    return classification(_rows(source, _labels(classes)), classes, source.annotations, index)


def _classes(path: Path) -> tuple[str, ...]:
    accepted = "<number from 1> <class>"
    records = read_lines(path, accepted)
    names: dict[int, str] = {}
    for record in records:
        first, *rest = record.text.split()
        number = whole_number(first)
        if number is None or len(rest) != 1:
            raise record.malformed(accepted)
        if number in names or not 1 <= number <= len(records):
            raise record.malformed(f"each number from 1 to {len(records)} once")
        names[number] = rest[0]
    return tuple(names[number] for number in sorted(names))


def _labels(classes: tuple[str, ...]) -> dict[str, int]:
    return {name.lower(): label for label, name in enumerate(classes)}


def _rows(source: Source, labels: dict[str, int]) -> Iterator[Labelled]:
    folder = VideoFolder(source.videos)
    for record in read_lines(source.annotations, ACCEPTED):
        line = LINE.fullmatch(record.text)
        label = labels.get(line["folder"].lower()) if line else None
        if line is None or label is None:
            raise record.malformed(f"{ACCEPTED} of a class in {INDEX}")
        if line["number"] is not None and int(line["number"]) != label + 1:
            raise record.malformed(f"{label + 1}, the number of the class in {INDEX},")
        yield Labelled(record, Video(line["path"], folder.named(line["path"])), label)
