"""Whose fault an error is."""

from __future__ import annotations

import errno
import os
import re
from opcode import opmap
from pathlib import Path

PACKAGE = Path(__file__).parent
RAISE = opmap["RAISE_VARARGS"]
DISK = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO}
"""No room left, too large a file, the quota used up, a broken disk."""
MEMORY = re.compile(r"can't allocate memory|out of memory|Storage size calculation overflowed", re.IGNORECASE)
"""As torch says it, of the CPU, of a GPU, and of sizes that no number holds."""
AMOUNT = re.compile(r"tried to allocate ([0-9.]+ ?\w+)", re.IGNORECASE)


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


def failure(error: BaseException) -> str | None:
    """One line for what the world did rather than the code or its user; None for anything else."""
    return str(error) if isinstance(error, Failed) else disk_failure(error) or memory_failure(error)


def disk_failure(error: BaseException) -> str | None:
    """One line, if a disk could not take what was written."""
    if not isinstance(error, OSError) or error.errno not in DISK:
        return None
    where = os.fspath(error.filename) if isinstance(error.filename, str | os.PathLike) else "standard output, or a temporary file,"
    return f"{where} could not be written: {error.strerror}"


def memory_failure(error: BaseException) -> str | None:
    """One line, if memory did not suffice."""
    if not isinstance(error, MemoryError) and not (isinstance(error, RuntimeError) and MEMORY.search(str(error))):
        return None
    amount = AMOUNT.search(str(error))
    return "out of memory" + (f" (it asked for {_readable(amount[1])})" if amount else "")


def _readable(amount: str) -> str:
    """`19267584000000 bytes` -> `17944.3 GiB`; what has a unit stays."""
    number = amount.removesuffix("bytes").strip()
    return f"{int(number) / 2**30:.1f} GiB" if number.isdigit() else amount
