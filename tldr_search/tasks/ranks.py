"""What the processes of one evaluation tell each other, besides rows of numbers. Imports torch only when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch.distributed.distributed_c10d import Store

T = TypeVar("T")
_KEY = "tldr_search/failure"


class RankFailedError(RuntimeError):
    """Another rank failed first; the message is its own."""


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

    if (store := _store()) is not None and not isinstance(error, RankFailedError):
        own = f"rank {dist.get_rank()} failed: {type(error).__name__}: {error}"
        first = store.compare_set(_KEY, "", own).decode()
        if first != own:
            raise RankFailedError(first) from None


def check_failure() -> None:
    """`RankFailedError` if a rank has failed."""
    if (store := _store()) is not None and store.check([_KEY]):
        raise RankFailedError(store.get(_KEY).decode())


def _store() -> Store | None:
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()):
        return None
    return dist.distributed_c10d._get_default_store()
