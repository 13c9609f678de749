"""Warnings that show the user's line, not one of ours."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path

PACKAGE = Path(__file__).parents[2]


def tell(message: str) -> None:
    """`UserWarning` at the nearest caller outside the package."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and Path(frame.f_code.co_filename).is_relative_to(PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)
