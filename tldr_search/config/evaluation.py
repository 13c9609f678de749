"""The settings of `evaluate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tldr_search.config.named import named
from tldr_search.config.one_split import OneSplit
from tldr_search.config.paths import expanded
from tldr_search.config.reduced import ReducedSettings
from tldr_search.config.rules import Rule, at_least

SCORES = {"retrieval": "t2v_r1", "classification": "top1", "question-answering": "accuracy", "base-to-novel": "hm"}
"""Task -> the metric that is the score."""


@dataclass(frozen=True)
class EvaluateConfig(ReducedSettings, OneSplit):
    """What to measure."""

    devices: int | None = None
    """Devices on each node; by default those that torchrun or SLURM gives, else 1."""
    num_nodes: int | None = None
    """Nodes; by default those that torchrun or SLURM gives, else 1."""

    @property
    def objective(self) -> str:
        """The metric that is the score."""
        return SCORES[self.measures]

    @property
    def directory(self) -> Path:
        """Where the result goes."""
        if self.out:
            return expanded(self.out)
        if self.schedule_file:
            return self.in_numbers().directory
        reduced = [self.method, self.schedule] if any(self.r) else ["unreduced"]
        return named(self, self.model, self.benchmark, Path(self.measured_split).stem, *([self.task] if self.task else []), *reduced)

    def _own_rules(self) -> Iterator[Rule]:
        yield from self._split_rules()
        for field in ("devices", "num_nodes"):
            if (value := getattr(self, field)) is not None:
                yield Rule(field, at_least(field, value, 1))
        yield from self._reduction_rules()
