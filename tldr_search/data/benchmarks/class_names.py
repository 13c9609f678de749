"""Names of classes: ViFi-CLIP's label CSVs, and mmaction's label maps."""

from __future__ import annotations

from pathlib import Path

from tldr_search.data.benchmarks.record import read_csv, read_lines, whole_number

HEADER = ["id", "name"]


def read_label_csv(path: Path) -> tuple[str, ...]:
    """Names in the order of their ids: a header `id,name`, and a row per class, in any order. `ValueError` if one is missing or double."""
    accepted = "id,name (names with commas in quotes)"
    (header, columns), *rows = read_csv(path, accepted)
    if [column.lower() for column in columns] != HEADER:
        raise header.malformed(accepted)
    names: dict[int, str] = {}
    for record, fields in rows:
        label = whole_number(fields[0])
        if len(fields) != len(HEADER) or not fields[1] or label is None:
            raise record.malformed(accepted)
        if label in names or label >= len(rows):
            raise record.malformed(f"each id from 0 to {len(rows) - 1} once")
        names[label] = fields[1]
    return tuple(names[label] for label in sorted(names))


def read_label_map(path: Path) -> tuple[str, ...]:
    """One name a line, the first that of class 0."""
    return tuple(record.text for record in read_lines(path, "one class name a line"))


def names_beside(path: Path, num_classes: int) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Class names from the folder of an annotation file, and the file they are in: none, and no file, if there is none.

    The file is `labels.csv` (see `read_label_csv`), or else the only `label_map*.txt` (see `read_label_map`). `ValueError` if there are
    several label maps, or not `num_classes` names (0: any number).
    """
    table, maps = path.parent / "labels.csv", sorted(path.parent.glob("label_map*.txt"))
    if table.is_file():
        file, names = table, read_label_csv(table)
    elif len(maps) > 1:
        raise ValueError(f"{path.parent}: {', '.join(file.name for file in maps)}; one label map, or labels.csv, would be accepted")
    elif maps:
        file, names = maps[0], read_label_map(maps[0])
    else:
        return (), ()
    if num_classes and len(names) != num_classes:
        raise ValueError(f"{file}: {len(names)} names; {num_classes}, or another num_classes, would be accepted")
    return names, (file,)
