"""The settings of `evaluate`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tldr_search.config.objectives import OBJECTIVES
from tldr_search.config.paths import expanded
from tldr_search.config.reduced import ReducedSettings
from tldr_search.config.rules import Rule, at_least, one_of
from tldr_search.config.settings import HOW
from tldr_search.data.benchmarks import BENCHMARKS

SCORES = {"retrieval": "t2v_r1", "classification": "top1", "question-answering": "accuracy", "base-to-novel": "hm"}
"""Task -> the metric that is the score."""


@dataclass(frozen=True)
class EvaluateConfig(ReducedSettings):
    """What to measure."""

    split: str | None = None
    """Split that is evaluated, or its annotation file, below the folder of annotations; by default the first of the benchmark."""
    task: str | None = None
    """retrieval, classification, question-answering or base-to-novel; by default what the benchmark is for."""
    devices: int | None = None
    """Devices on each node; by default those that torchrun or SLURM gives, else 1."""
    num_nodes: int | None = None
    """Nodes; by default those that torchrun or SLURM gives, else 1."""
    out: str | None = None
    """Directory of the result; by default one in runs, named after what is evaluated, with a digest of the settings."""

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
        reduced = [self.method.replace(":", "-"), self.schedule.replace(",", "-")] if any(self.r) else ["unreduced"]
        deciding = {name: value for name, value in asdict(self).items() if name not in HOW}
        digest = hashlib.sha256(repr(deciding).encode()).hexdigest()[:6]
        parts = [self.model, self.benchmark, Path(self.measured_split).stem, *([self.task] if self.task else []), *reduced, digest]
        return Path("runs") / "-".join(parts)

    def _own_rules(self) -> Iterator[Rule]:
        yield Rule("task", one_of("task", self.task, OBJECTIVES))
        yield Rule("task", self._not_offered(), needs=("benchmark",))
        yield Rule("split", self._no_split("split") if self.split else (), needs=("benchmark",))
        for field in ("devices", "num_nodes"):
            if (value := getattr(self, field)) is not None:
                yield Rule(field, at_least(field, value, 1))
        yield from self._reduction_rules()

    def _not_offered(self) -> Iterator[str]:
        yield from one_of("task", self.task, BENCHMARKS[self.benchmark].tasks)
