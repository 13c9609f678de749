"""Going on with less at once when memory does not suffice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

from lightning.pytorch.utilities.memory import garbage_collection_cuda, is_oom_error
from torch import Tensor

T = TypeVar("T")


def fitting(function: Callable[[Tensor], T], rows: Tensor) -> Iterator[tuple[Tensor, T]]:
    """Some of `rows` [n] and what `function` gives for them: all at once or, where memory does not suffice, each half by itself."""
    found = attempt(function, rows)
    if found is not None:
        yield rows, found
        return
    half = len(rows) // 2
    for part in (rows[:half], rows[half:]):
        yield from fitting(function, part)


def attempt(function: Callable[[Tensor], T], things: Tensor) -> T | None:
    """None if memory does not suffice for so many; one must fit."""
    try:
        return function(things)
    except RuntimeError as error:
        if not is_oom_error(error) or len(things) == 1:
            raise
    garbage_collection_cuda()  # outside the handler, which holds on to what the failed call had
    print(f"out of memory with {len(things)} at once; going on with {len(things) // 2}", file=sys.stderr)
    return None
