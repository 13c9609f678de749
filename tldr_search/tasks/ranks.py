"""What the processes of one evaluation tell each other, besides rows of numbers. Imports torch only when it is used."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch.distributed.distributed_c10d import Store

T = TypeVar("T")
_FAILURE, _BEAT = "tldr_search/failure", "tldr_search/beat"
MISTAKE = "mistake: "
"""What the message of a failure begins with that is the user's mistake."""
PERIOD = 2.0
"""Seconds between looks at the other ranks."""
GRACE = 10.0
"""Seconds that a rank has to end by itself, once another has failed."""
PATIENCE = 300.0
"""Seconds without a sign of life after which a rank counts as gone."""


class RankFailedError(RuntimeError):
    """Another rank failed first; the message is its own."""

    def __init__(self, message: str) -> None:
        super().__init__(message.removeprefix(MISTAKE))
        self.is_mistake = message.startswith(MISTAKE)
        """Whether it was the user's mistake."""


class SharedError(ValueError):
    """A user's mistake that all ranks find at the same time: nobody needs to be told."""


def everywhere(thing: T) -> list[T]:
    """The thing of every rank, by rank; every rank must call it."""
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()):
        return [thing]
    things: list[T | None] = [None] * dist.get_world_size()
    dist.all_gather_object(things, thing)
    return [t for t in things if t is not None]


def tell_failure(error: BaseException) -> None:
    """Lets the other ranks know why they should stop; the first failure counts. `RankFailedError` if another rank was first."""
    import torch.distributed as dist

    if (store := _store()) is not None and not isinstance(error, RankFailedError | SharedError):
        own = f"{MISTAKE * isinstance(error, ValueError)}rank {dist.get_rank()} failed: {type(error).__name__}: {error}"
        first = store.compare_set(_FAILURE, "", own).decode()
        if first != own:
            raise RankFailedError(first) from None


def check_failure() -> None:
    """`RankFailedError` if a rank has failed."""
    if (store := _store()) is not None and store.check([_FAILURE]):
        raise RankFailedError(store.get(_FAILURE).decode())


class Watch:
    """Ends this process if another rank fails or falls silent, even while it waits for that rank in a collective."""

    def __init__(self) -> None:
        self._over: threading.Event | None = None

    def start(self) -> None:
        """From now on, if there are other ranks."""
        if self._over is None and (store := _store()) is not None:
            self._over = threading.Event()
            threading.Thread(target=_watch, args=(store, self._over), daemon=True).start()

    def stop(self) -> None:
        """No longer."""
        if self._over is not None:
            self._over.set()
            self._over = None


def _watch(store: Store, over: threading.Event) -> None:
    import torch.distributed as dist

    rank, others = dist.get_rank(), [r for r in range(dist.get_world_size()) if r != dist.get_rank()]
    beats, silence = dict.fromkeys(others, 0), dict.fromkeys(others, 0.0)
    while not over.wait(PERIOD):
        try:
            store.add(f"{_BEAT}/{rank}", 1)
            for other in others:
                beat = store.add(f"{_BEAT}/{other}", 0)
                silence[other] = 0.0 if beat != beats[other] else silence[other] + PERIOD
                beats[other] = beat
            said = store.get(_FAILURE).decode() if store.check([_FAILURE]) else ""
        except RuntimeError:  # the process that holds the store has gone
            said = "the first rank has gone"
        gone = [other for other in others if silence[other] > PATIENCE]
        if not said and gone:
            said = f"rank {gone[0]} has gone"
        if said and not over.wait(GRACE):
            print(f"tldr_search: {said.removeprefix(MISTAKE)}", file=sys.stderr, flush=True)
            os._exit(1)


def _store() -> Store | None:
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()):
        return None
    return dist.distributed_c10d._get_default_store()
