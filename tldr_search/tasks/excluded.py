"""Videos that cannot be read: whether an evaluation goes on without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tldr_search.tasks.ranks import SharedError

SOME = 20
"""Videos that an error names."""


def check_excluded(names: Sequence[str], excluded: Mapping[int, str], *, tolerated: bool, part: int | None = None) -> None:
    """Positions of videos and why they cannot be read; `SharedError` if these may not be left out, or none would be left.

    `part`: how many of them are measured, if not all.
    """
    count = part or len(names)
    if not excluded or (tolerated and len(excluded) < count):
        return
    told = "; ".join(f"{names[i]}: {excluded[i]}" for i in list(excluded)[:SOME])
    more = f"; and {len(excluded) - SOME} more (all of them: tldr_search check)" if len(excluded) > SOME else ""
    way_out = " (--on-bad-video exclude goes on without, and counts them; tldr_search check looks at all)" if len(excluded) < count else ""
    raise SharedError(f"{len(excluded)} of {count} videos cannot be read{way_out}: {told}{more}")
