"""How far a study is: a small protocol that `run` reports to, and a bar on standard error that shows it."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from typing import NamedTuple, Protocol

from tqdm import tqdm

from tldr_search.study.result import Point

FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


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

    def __init__(self) -> None:
        self._started = time.time()
        self._bar: tqdm[None] | None = None

    def update(self, status: Status) -> None:
        """Draws `status`."""
        if self._bar is None:
            if not status.done:
                return
            self._bar = tqdm(desc="study", total=status.total, initial=status.done, bar_format=FORMAT)
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


class Meter:
    """Counts evaluations and estimates the time left, by cost: seconds per GFLOP are learnt for each split."""

    def __init__(self) -> None:
        self._expected: dict[str, list[float]] = defaultdict(list)
        self._spent: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def expect(self, split: str, gflops: float, count: int = 1) -> None:
        """`count` more evaluations of this cost will come."""
        self._expected[split] += [gflops] * count

    def cancel(self, split: str, gflops: float, count: int = 1) -> None:
        """`count` evaluations that were expected will not come, or have come."""
        for _ in range(count):
            self._expected[split].remove(gflops)

    def record(self, split: str, gflops: float, seconds: float) -> None:
        """An evaluation that was expected at `gflops` has taken `seconds`."""
        self.cancel(split, gflops)
        self._spent[split].append((gflops, seconds))

    @property
    def done(self) -> int:
        """Evaluations that are finished."""
        return sum(map(len, self._spent.values()))

    @property
    def total(self) -> int:
        """Finished and expected."""
        return self.done + sum(map(len, self._expected.values()))

    @property
    def seconds_left(self) -> float | None:
        """None before the first evaluation; a split that was never measured is taken to be as large as the others."""
        if not self.done:
            return None
        return sum(sum(costs) * self._rate(split) for split, costs in self._expected.items())

    def _rate(self, split: str) -> float:
        spent = self._spent.get(split) or [row for rows in self._spent.values() for row in rows]
        return sum(seconds for _, seconds in spent) / sum(gflops for gflops, _ in spent)
