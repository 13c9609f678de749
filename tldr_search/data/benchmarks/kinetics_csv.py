"""Kinetics' official CSV files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

from tldr_search.data.benchmarks.folder import VideoFolder
from tldr_search.data.benchmarks.labelled import Labelled, classification
from tldr_search.data.benchmarks.record import Record, read_csv
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import ClassificationSplit, Video

COLUMNS = ("label", "youtube_id", "time_start", "time_end")
ACCEPTED = "Kinetics' " + ",".join(COLUMNS)
EXTENSIONS = (".mp4", ".mkv", ".webm", ".avi")
NO_LABEL = ("", "-1")
"""Of test splits."""
VALIDATION = ("val", "validate")
"""How folders of validation clips are called."""


class Row(NamedTuple):
    """A line, and its fields."""

    record: Record
    split: str
    """Empty if there is no such column."""
    label: str
    youtube_id: str
    time_start: str
    time_end: str

    @property
    def key(self) -> str:
        """The class by which ranks go."""
        key = self.label.replace('"', "").strip().replace(" ", "_")
        if key in NO_LABEL:
            raise self.record.malformed("a label, which Kinetics' test split has not,")
        return key

    @property
    def stem(self) -> str:
        """The clip's file name, without its extension."""
        try:
            start, end = int(float(self.time_start)), int(float(self.time_end))
        except (ValueError, OverflowError) as error:
            raise self.record.malformed("times in seconds") from error
        if not self.youtube_id or not 0 <= start <= end:
            raise self.record.malformed(ACCEPTED)
        return f"{self.youtube_id}_{start:06d}_{end:06d}"


def fits(first: Record | None) -> bool:
    """Whether a file that begins so is one (None: a folder)."""
    return first is not None and "youtube_id" in re.split(r'[",\s]+', first.text)


def read(source: Source) -> ClassificationSplit:
    """A clip a row, named `<youtube_id>_<start>_<end>`. `ValueError` for what is malformed or double, or has no label, as test splits.

    The label is the rank of the class, quotes removed and spaces as underscores, among those of an official `train.csv` beside the file,
    if there is one, or else of the file itself, of which there must be `source.num_classes`. The clip is looked for, with any of
    `EXTENSIONS`, in the videos folder and its subfolder of the class, and likewise in the folders that are called as the annotation file
    (without its extension), as the split in the CSV's column, or as one of `VALIDATION`.
    """
    rows = _rows(read_csv(source.annotations, ACCEPTED))
    files, ranked = [source.annotations], rows
    train = source.annotations.with_name("train.csv")
    if train != source.annotations and train.is_file():
        lines = read_csv(train, ACCEPTED)
        if fits(lines[0][0]):
            files, ranked = [source.annotations, train], _rows(lines)
    keys = sorted({row.key for row in ranked})
    if len(keys) != (source.num_classes or len(keys)):
        accepted = f"{source.num_classes}, or Kinetics' train.csv with all of them beside it,"
        raise ValueError(f"{files[-1]}: {len(keys)} classes; {accepted} would be accepted")
    ranks = {key: rank for rank, key in enumerate(keys)}
    return classification(_labelled(rows, ranks, source), tuple(key.replace("_", " ") for key in keys), *files)


def _rows(lines: list[tuple[Record, list[str]]]) -> list[Row]:
    (header, columns), *rows = lines
    if "label" not in columns:
        raise ValueError(f"{header.file}: no labels, as in Kinetics' test split; a split with labels would be accepted")
    if not rows or not set(COLUMNS) <= set(columns):
        raise header.malformed(f"{ACCEPTED} and rows below it")
    for record, fields in rows:
        if len(fields) < len(columns):
            raise record.malformed(f"{len(columns)} fields, as in the header,")
    wanted = itemgetter(*map(columns.index, COLUMNS))
    split = columns.index("split") if "split" in columns else None
    return [Row(record, "" if split is None else fields[split], *wanted(fields)) for record, fields in rows]


def _labelled(rows: list[Row], ranks: dict[str, int], source: Source) -> Iterator[Labelled]:
    folder = VideoFolder(source.videos)
    for row in rows:
        key, stem = row.key, row.stem
        if key not in ranks:
            raise row.record.malformed("a label of train.csv")
        splits = (name for name in (source.annotations.stem, row.split, *VALIDATION) if name)
        path = folder.clip(stem, ("", key, *(inner for name in splits for inner in (name, f"{name}/{key}"))), EXTENSIONS)
        yield Labelled(row.record, Video(stem, path or source.videos / f"{stem}.mp4"), ranks[key])
