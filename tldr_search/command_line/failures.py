"""What is told of a failure, and the exit status."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from contextlib import suppress
from pathlib import Path

from tldr_search.mistakes import Failed, disk_failure, is_mistake, memory_failure
from tldr_search.tasks.ranks import RankFailedError

RUNS = "runs"
"""Where runs go, if the user says nothing else."""
LESS = {"report": ("--batch-size",), "flops": ("--frames",), "check": (), "list": ()}
"""Command -> options that decide how much memory it needs; of all others both."""


def told(error: Exception, options: Namespace) -> tuple[int, str] | None:
    """Status and line for the user's mistakes, and for what the world did; None for what is a fault of ours."""
    if isinstance(error, RankFailedError):
        return 2 if error.is_mistake else 1, str(error)
    if is_mistake(error):
        return 2, str(error)
    if isinstance(error, Failed):
        return 1, str(error)
    if line := disk_failure(error):
        _give_up_output()
        return 1, line
    if line := memory_failure(error):
        return 1, line + _way_out(options)
    if isinstance(error, OSError) and _given(error, options):
        return 2, f"{error.filename}: {error.strerror}"
    return None


def _give_up_output() -> None:
    """What it could not take is dropped, or Python would try once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()


def _way_out(options: Namespace) -> str:
    found = LESS.get(options.command, ("--batch-size", "--frames"))
    return f"; a smaller {' or '.join(found)} would need less" if found else ""


def _given(error: OSError, options: Namespace) -> bool:
    """Whether it is about a path that the user gave, about what lies in it or on the way to it."""
    if not isinstance(error.filename, str | os.PathLike):
        return False
    about = Path(error.filename).resolve()
    values = [
        vars(options).get(name) for name in ("config", "checkpoint", "out", "data", "annotations", "videos", "classes", "best", "schedule")
    ]
    paths = [
        Path(value).resolve() for value in [*values, *vars(options).get("runs", ()), *(vars(options).get("video") or ()), RUNS] if value
    ]
    return any(about.is_relative_to(path) or path.is_relative_to(about) for path in paths)
