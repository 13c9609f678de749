"""How far a study is: a small protocol that `run` reports to, and a bar on standard error that shows it."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from tqdm import tqdm

from tldr_search.study.result import Point

FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


class Effort(NamedTuple):
    """Computing, done or to come."""

    split: str
    work: float
    """GFLOPs of a clip times the share of the split."""
    seconds: float = 0.0
    """Wall time it took."""


class Status(NamedTuple):
    """Where a study stands after an evaluation."""

    done: int
    """Evaluations that are finished, earlier sessions included."""
    total: int
    """Evaluations in all, as far as is known."""
    best: Point | None
    """The best schedule on the budget so far, any method, on the search split."""
    seconds_left: float | None
    """Estimate; None before anything was measured."""


class Progress(Protocol):
    """Who wants to know."""

    def update(self, status: Status) -> None:
        """Called at the start and after every evaluation."""
        ...

    def say(self, line: str) -> None:
        """Something the user must read."""
        ...

    def close(self) -> None:
        """Called once, whether the study finished or not."""
        ...


class Silent:
    """Shows nothing, keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.last: Status | None = None

    def update(self, status: Status) -> None:
        """Remembers the status."""
        self.last = status

    def say(self, line: str) -> None:
        """Remembers the line."""
        self.said.append(line)

    def close(self) -> None:
        """Nothing to do."""


class Bar:
    """One line on standard error: evaluations done, the best so far, time left.

    Drawn once an evaluation is finished, so that a mistake which is found before stands on a line of its own.
    """

    def __init__(self, what: str = "study") -> None:
        """`what` is shown in front."""
        self._what, self._started = what, time.time()
        self._bar: tqdm[None] | None = None

    def update(self, status: Status) -> None:
        """Draws `status`."""
        if self._bar is None:
            if not status.done:
                return
            self._bar = tqdm(desc=self._what, total=status.total, initial=status.done, bar_format=FORMAT)
            self._bar.start_t = self._started
        left = [] if status.seconds_left is None else [f"{tqdm.format_interval(status.seconds_left)} left"]
        best = [f"best {status.best.method} {status.best.score:.1f}"] if status.best else []
        self._bar.total, self._bar.n = status.total, status.done
        self._bar.set_postfix_str(", ".join(left + best))

    def say(self, line: str) -> None:
        """Prints `line`, above the bar if there is one."""
        tqdm.write(line, file=sys.stderr)

    def close(self) -> None:
        """Leaves the bar on the screen."""
        if self._bar is not None:
            self._bar.close()


def seconds_left(efforts: Iterable[Effort], to_come: Iterable[Effort], workers: int = 1) -> float | None:
    """By cost: seconds per GFLOP are learnt for each split; one that was never measured is taken to be like the others.

    None before anything was measured.
    """
    spent: dict[str, list[Effort]] = defaultdict(list)
    for effort in efforts:
        spent[effort.split].append(effort)
    everything = [effort for rows in spent.values() for effort in rows]
    if not everything:
        return None
    return sum(effort.work * _rate(spent.get(effort.split) or everything) for effort in to_come) / workers


def _rate(efforts: Sequence[Effort]) -> float:
    return sum(effort.seconds for effort in efforts) / sum(effort.work for effort in efforts)
