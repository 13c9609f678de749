"""The files of a report: written whole or not at all, and not left behind by an earlier one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Whoever reads `path` meanwhile finds the old file, or the new one."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="")
    partial.replace(path)


def remove_others(folder: Path, patterns: Iterable[str], written: Collection[Path]) -> None:
    """Of the files in `folder` that match `patterns`, removes those that were not written now."""
    for path in (found for pattern in patterns for found in folder.glob(pattern)):
        if path not in written:
            path.unlink()
