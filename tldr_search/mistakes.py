"""Whose fault an error is."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path

PACKAGE = Path(__file__).parent


class Failed(Exception):  # noqa: N818
    """Something went wrong that is nobody's mistake, told in one line; exit status 1."""


def is_mistake(error: BaseException) -> bool:
    """Whether a `raise` of our own code raised this `ValueError`: such a one is the user's mistake, any other is a fault."""
    if not isinstance(error, ValueError):
        return False
    frame = traceback.extract_tb(error.__traceback__)[-1]
    statement = linecache.getline(frame.filename, frame.lineno or 0).encode()[frame.colno or 0 :].strip()
    return Path(frame.filename).is_relative_to(PACKAGE) and statement.startswith(b"raise ")
