"""What a search took: trials that were finished, trials that were stopped early, and what both come to in passes over the videos."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from tldr_search.report.rows import methods
from tldr_search.study.result import Result


class Effort(NamedTuple):
    """Counts over the trials of a study."""

    complete: dict[str, int]
    """Trials on the whole search split, by method."""
    stopped: dict[str, int]
    """Trials that were stopped early, by method."""
    passes: float
    """Videos that were computed for them, in whole search splits."""

    @property
    def num_complete(self) -> int:
        """Over all methods."""
        return sum(self.complete.values())

    @property
    def num_stopped(self) -> int:
        """Over all methods."""
        return sum(self.stopped.values())


def effort(result: Result) -> Effort:
    """Counts the trials of `result`."""
    complete, stopped = (Counter(t.method for t in result.trials if (t.part == 1) is whole) for whole in (True, False))
    names = methods(result.trials)
    passes = sum(t.num_videos for t in result.trials) / result.base_search.num_videos
    return Effort({m: complete[m] for m in names}, {m: stopped[m] for m in names}, passes)


def effort_text(spent: Effort) -> str:
    """`62 trials (20 of them stopped early), 31.4 passes over the videos of the search split`."""
    trials = spent.num_complete + spent.num_stopped
    stopped = f" ({spent.num_stopped} of them stopped early)" if spent.num_stopped else ""
    return f"{trials} trial{'' if trials == 1 else 's'}{stopped}, {spent.passes:.1f} passes over the videos of the search split"
