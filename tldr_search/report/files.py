"""The files of a report: none is left behind by an earlier one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path


def remove_others(folder: Path, patterns: Iterable[str], written: Collection[Path]) -> None:
    """Of the files in `folder` that match `patterns`, removes those that were not written now."""
    for path in (found for pattern in patterns for found in folder.glob(pattern)):
        if path not in written:
            path.unlink()
