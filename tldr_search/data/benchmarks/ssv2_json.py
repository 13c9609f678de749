"""Something-Something v2's official JSON files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tldr_search.data.benchmarks.folder import VideoFolder
from tldr_search.data.benchmarks.json_entries import is_text, list_entries, object_entries
from tldr_search.data.benchmarks.labelled import Labelled, classification
from tldr_search.data.benchmarks.record import Record, whole_number
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import ClassificationSplit, Video

ACCEPTED = 'a list of {"id": ..., "template": ...}'
LABELS = ("something-something-v2-labels.json", "labels.json")
"""The class names, beside the annotations."""
EXTENSIONS = (".webm", ".mp4")


def fits(first: Record | None) -> bool:
    """Whether a file that begins so is one (None: a folder)."""
    return first is not None and re.match(r"\[\s*(\{|$)", first.text) is not None


def read(source: Source) -> ClassificationSplit:
    """A video an entry, named by its id; its file ends in `.webm` or `.mp4`. `ValueError` for what is malformed or double.

    The label is that of the template, brackets removed, in the first of `LABELS` that lies beside the file.
    """
    beside = [path for name in LABELS if (path := source.annotations.with_name(name)).is_file()]
    if not beside:
        raise ValueError(f"{source.annotations}: no class names beside it; {' or '.join(LABELS)} would be accepted")
    classes = _classes(beside[0], source.num_classes)
    return classification(_rows(source, classes), classes, source.annotations, beside[0])


def _classes(path: Path, num_classes: int) -> tuple[str, ...]:
    accepted = 'an object of "template": "label"'
    entries = list(object_entries(path, accepted))
    if num_classes and len(entries) != num_classes:
        raise ValueError(f"{path}: {len(entries)} classes; {num_classes}, or another num_classes, would be accepted")
    names: dict[int, str] = {}
    for name, entry in entries:
        label = whole_number(str(entry.value))
        if label is None or label in names or label >= len(entries):
            raise entry.record.malformed(f"each label from 0 to {len(entries) - 1} once")
        names[label] = name
    return tuple(names[label] for label in sorted(names))


def _rows(source: Source, classes: tuple[str, ...]) -> Iterator[Labelled]:
    labels = {name: label for label, name in enumerate(classes)}
    folder = VideoFolder(source.videos)
    for entry in list_entries(source.annotations, ACCEPTED):
        name, template = entry.get("id"), entry.get("template")
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(name)
        if not is_text(name):
            raise entry.record.malformed(ACCEPTED)
        if template is None:
            raise entry.record.malformed("an entry with a template, which the test split has not,")
        label = labels.get(str(template).replace("[", "").replace("]", ""))
        if label is None:
            raise entry.record.malformed("a template that is among the class names")
        path = folder.clip(str(name), ("",), EXTENSIONS)
        yield Labelled(entry.record, Video(str(name), path or source.videos / f"{name}.webm"), label)
