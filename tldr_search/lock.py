"""A directory of results, for one process at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tldr_search.files import no_empty


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Makes `run`, for one process at a time; the lock dies with its process. What was made goes again if the work leaves nothing in it.

    `ValueError` if another process works on `run`, or if it cannot be made and written to.
    """
    with no_empty(run), _lock_file(run) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"another process is working on {run}; wait for it, or choose another directory with --out") from None
        except OSError as error:
            raise _unusable(run, error) from error
        yield


def _lock_file(run: Path) -> TextIO:
    try:
        run.mkdir(parents=True, exist_ok=True)
        return (run / "lock").open("w")
    except OSError as error:
        raise _unusable(run, error) from error


def _unusable(run: Path, error: OSError) -> ValueError:
    return ValueError(
        f"out: {str(run)!r} cannot hold a run ({error.strerror}); a directory that can be made and written to would be accepted"
    )
