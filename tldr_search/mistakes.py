"""Whose fault an error is."""

from __future__ import annotations

from opcode import opmap
from pathlib import Path

PACKAGE = Path(__file__).parent
RAISE = opmap["RAISE_VARARGS"]


class Failed(Exception):  # noqa: N818
    """Something went wrong that is nobody's mistake, told in one line; exit status 1."""


def is_mistake(error: BaseException) -> bool:
    """Whether a `raise` of our own code raised this `ValueError`: such a one is the user's mistake, any other is a fault.

    The code that ran is asked, not its source: that may have been replaced since it was imported, or not be there at all.
    """
    deepest = error.__traceback__
    if deepest is None or not isinstance(error, ValueError):
        return False
    while deepest.tb_next:
        deepest = deepest.tb_next
    code = deepest.tb_frame.f_code
    return Path(code.co_filename).is_relative_to(PACKAGE) and code.co_code[deepest.tb_lasti] == RAISE
