"""Every evaluation of a run, appended to one file the moment it is finished. Nothing in it is ever changed.

A run that was killed finds its evaluations here, whatever else was lost, and never repeats one.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tldr_search.scores import Evaluation

Evaluator = Callable[[str, tuple[int, ...], str], Evaluation]
"""(method, schedule in the evaluated model's counts, split) -> Evaluation."""
Key = tuple[str, tuple[int, ...], str]


class Ledger:
    """Evaluations by (method, schedule, split), in memory and on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session = uuid.uuid4().hex[:8]
        self._started = time.monotonic()
        self._known: dict[Key, Evaluation] = {}
        self._elapsed: dict[str, float] = {}
        for line in whole_lines(path):
            self._read(json.loads(line))

    @property
    def seconds(self) -> float:
        """Wall time of all sessions, each up to its last evaluation; of this one up to now."""
        return sum(s for name, s in self._elapsed.items() if name != self._session) + time.monotonic() - self._started

    def __len__(self) -> int:
        """Evaluations in it."""
        return len(self._known)

    def find(self, key: Key) -> Evaluation | None:
        """The evaluation, if it was made before."""
        return self._known.get(key)

    def add(self, key: Key, evaluation: Evaluation) -> Evaluation:
        """Keeps `evaluation`, on disk before this returns; gives it back as a later session will read it."""
        if not math.isfinite(evaluation.score):
            raise RuntimeError(f"the evaluator gave {evaluation.objective} = {evaluation.score} for {key[0]} {key[1]} on split {key[2]!r}")
        method, schedule, split = key
        plain = dataclasses.replace(
            evaluation,
            metrics={name: float(value) for name, value in evaluation.metrics.items()},
            outcomes=tuple(float(outcome) for outcome in evaluation.outcomes),
        )
        row = {"method": method, "schedule": schedule, "split": split, **dataclasses.asdict(plain)}
        line = json.dumps({"session": self._session, "elapsed": time.monotonic() - self._started, **row})
        with self._path.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._read(json.loads(line))
        return self._known[key]

    def _read(self, row: dict[str, Any]) -> None:
        self._elapsed[row.pop("session")] = row.pop("elapsed")
        key = row.pop("method"), tuple(row.pop("schedule")), row.pop("split")
        outcomes, ids = tuple(row.pop("outcomes")), tuple(row.pop("sample_ids"))
        self._known[key] = Evaluation(outcomes=outcomes, sample_ids=ids, **row)


def whole_lines(path: Path) -> list[bytes]:
    """The lines of a file that is only appended to; a last line that was torn by a kill is cut off, in the file, too."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return whole.splitlines()
