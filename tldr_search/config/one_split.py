"""The settings of commands that measure on one split."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator
from dataclasses import dataclass

from tldr_search.config.objectives import OBJECTIVES
from tldr_search.config.rules import Rule, one_of
from tldr_search.config.settings import Settings
from tldr_search.data.benchmarks import BENCHMARKS


@dataclass(frozen=True)
class OneSplit(Settings, ABC):
    """What is measured, and on what."""

    split: str | None = None
    """Split that is evaluated, or its annotation file, below the folder of annotations; by default the first of the benchmark."""
    task: str | None = None
    """retrieval, classification, question-answering or base-to-novel; by default what the benchmark is for."""
    out: str | None = None
    """Directory of the result; by default one in runs, named after what is measured, with a digest of the settings."""

    @property
    def measures(self) -> str:
        """`task`, or what the benchmark is for."""
        return self.task or BENCHMARKS[self.benchmark].tasks[0]

    @property
    def measured_split(self) -> str:
        """`split`, or the benchmark's own."""
        return self.split or BENCHMARKS[self.benchmark].default_split

    @property
    def splits(self) -> tuple[str, ...]:
        """The one split."""
        return (self.measured_split,)

    def _split_rules(self) -> Iterator[Rule]:
        yield Rule("task", one_of("task", self.task, OBJECTIVES))
        yield Rule("task", self._not_offered(), needs=("benchmark",))
        yield Rule("split", self._no_split("split") if self.split else (), needs=("benchmark",))

    def _not_offered(self) -> Iterator[str]:
        yield from one_of("task", self.task, BENCHMARKS[self.benchmark].tasks)
