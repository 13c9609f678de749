"""HMDB51's official splits: a folder with three files for every class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tldr_search.data.benchmarks.class_names import names_beside
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
    """The videos of the split `train1`, `test1`, ... `test3`, class by class, each named `<class>/<file>`.

    Classes are in the order of their names, as mmaction2 sorts class folders, spaces for underscores. What `names_beside` finds among
    the files overrides order and spelling, for models that count otherwise: by whole file names `kick_ball_test...` is before
    `kick_test...`, and so it is in ViFi-CLIP's label CSVs. Videos are found as `VideoFolder.named` says. `ValueError` for what is
    malformed or double, or names that are not those of the files.
    """
    split = re.fullmatch("(train|test)([123])", source.split)
    if split is None:
        raise ValueError(f"split {source.split!r} of {source.annotations}: one of test1 to test3 and train1 to train3 would be accepted")
    ending = f"_test_split{split[2]}.txt"
    files = {path.name.removesuffix(ending): path for path in source.annotations.glob(f"*{ending}")}
    if len(files) != (source.num_classes or len(files)) or not files:
        wanted = source.num_classes or "some"
        raise ValueError(f"{source.annotations}: {len(files)} files <class>{ending}; {wanted} would be accepted")
    classes, beside = names_beside(next(iter(files.values())), len(files))
    named = _in_order(files, classes, *beside) if classes else dict(sorted(files.items()))
    rows = list(_rows(named, MARKS[split[1]], VideoFolder(source.videos)))
    if not rows:
        raise ValueError(f"{source.annotations}: no video of {source.split}; some marked {MARKS[split[1]]} would be accepted")
    return classification(rows, classes or tuple(name.replace("_", " ") for name in named), *named.values(), *beside)


def _in_order(files: dict[str, Path], classes: tuple[str, ...], beside: Path) -> dict[str, Path]:
    """The files in the order of these classes, which are listed in `beside`."""
    left = {name.replace("_", " "): name for name in files}
    ordered = []
    for name in classes:
        if (found := left.pop(name.replace("_", " "), None)) is None:
            raise ValueError(f"{beside}: {name!r}; every class that has a file, once, would be accepted")
        ordered.append(found)
    return {name: files[name] for name in ordered}


def _rows(files: dict[str, Path], wanted: str, folder: VideoFolder) -> Iterator[Labelled]:
    """Class -> its file, in the order of the labels."""
    for label, (name, path) in enumerate(files.items()):
        for record in read_lines(path, ACCEPTED):
            line = re.fullmatch(r"(.*\S)\s+([012])", record.text)
            if line is None:
                raise record.malformed(ACCEPTED)
            if line[2] == wanted:
                written = f"{name}/{line[1]}"
                yield Labelled(record, Video(written, folder.named(written)), label)
