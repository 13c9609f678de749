"""Reports of finished studies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tldr_search.study.result import Result


def report(run: Path, out: Path | None = None) -> tuple[Result, tuple[Path, ...]]:
    """Writes the report of a finished run again, into its own directory or into `out`."""
    from tldr_search.study.directory import RESULT
    from tldr_search.study.result import load

    path = run / RESULT
    if not path.is_file():
        raise ValueError(f"run {str(run)!r} holds no {RESULT}; the directory of a finished study would be accepted")
    found = load(path)
    return found, write(found, out or run)


def write(found: Result, directory: Path) -> tuple[Path, ...]:
    """Every file of the report of a study, the page first."""
    from tldr_search.report import write_report

    return write_report(found, directory)
