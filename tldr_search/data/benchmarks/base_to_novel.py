"""ViFi-CLIP's base-to-novel evaluations: a folder with a list and a label CSV of the base classes, and of the novel ones."""

from __future__ import annotations

from pathlib import Path

from tldr_search.data.benchmarks.class_names import read_label_csv
from tldr_search.data.benchmarks.labelled import each_once
from tldr_search.data.benchmarks.path_label_list import read_rows
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import BaseToNovelSplit

LISTS = ("base_val.txt", "novel_val.txt")
CLASSES = ("*base_labels.csv", "*novel_labels.csv")
"""E.g. `ucf_101_base_labels.csv`."""


def read(source: Source, *, by_name: bool = False) -> BaseToNovelSplit:
    """The base videos, then the novel ones, named as written; the labels of each list count its own classes from 0.

    `by_name`: files are found as `VideoFolder.named` says. `ValueError` for what is malformed, double or missing.
    """
    folder = source.annotations
    if not folder.is_dir():
        raise ValueError(f"{folder}: no folder; one with {', '.join((*LISTS, *CLASSES))} would be accepted")
    tables = [_only(folder, pattern) for pattern in CLASSES]
    base, novel = (read_label_csv(table) for table in tables)
    if source.num_classes and len(base) + len(novel) != source.num_classes:
        raise ValueError(f"{folder}: {len(base)} base and {len(novel)} novel classes; {source.num_classes} in all would be accepted")
    lists = [folder / name for name in LISTS]
    of_base, of_novel = (
        list(read_rows(path, source.videos, len(names), by_name=by_name)) for path, names in zip(lists, (base, novel), strict=True)
    )
    rows = each_once([*of_base, *of_novel])
    return BaseToNovelSplit(
        videos=tuple(row.video for row in rows),
        sources=(*lists, *tables),
        labels=(*(row.label for row in of_base), *(row.label + len(base) for row in of_novel)),
        classes=(*base, *novel),
        num_base=len(base),
    )


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise ValueError(f"{folder}: {len(found)} files {pattern}; one would be accepted")
    return found[0]
