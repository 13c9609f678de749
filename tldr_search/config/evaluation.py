"""The settings of `evaluate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tldr_search.backbones.architectures import architecture
from tldr_search.config.rules import Rule, at_least, each, one_of
from tldr_search.config.settings import OBJECTIVES, Settings
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.reducers import get_method
from tldr_search.schedule import parse_schedule


@dataclass(frozen=True)
class EvaluateConfig(Settings):
    """What to measure."""

    split: str = "report"
    """Split that is evaluated."""
    task: str = "retrieval"
    """retrieval or classification."""
    method: str = "none"
    """How tokens are reduced."""
    schedule: str = ""
    """Tokens removed per layer (per group and stage for STA), e.g. 600,200,100; empty: none."""
    devices: int = 1
    """Devices on each node."""
    num_nodes: int = 1
    """Nodes."""

    @property
    def splits(self) -> tuple[str, ...]:
        """The one split."""
        return (self.split,)

    @property
    def objective(self) -> str:
        """The metric that is the score."""
        return OBJECTIVES[self.task][0]

    @property
    def r(self) -> tuple[int, ...]:
        """`schedule` as numbers."""
        return parse_schedule(self.schedule) if self.schedule else ()

    def _own_rules(self) -> Iterator[Rule]:
        yield Rule("task", one_of("task", self.task, OBJECTIVES))
        yield Rule("task", self._not_offered(), needs=("benchmark",))
        yield Rule("split", self._no_split(), needs=("benchmark",))
        yield Rule("devices", at_least("devices", self.devices, 1))
        yield Rule("num_nodes", at_least("num_nodes", self.num_nodes, 1))
        yield Rule("method", each(get_method, [self.method], "method: "))
        yield Rule("schedule", each(parse_schedule, [self.schedule] * bool(self.schedule)))
        yield Rule("schedule", self._impossible(), needs=("method", self._counted))

    def _not_offered(self) -> Iterator[str]:
        yield from one_of("task", self.task, BENCHMARKS[self.benchmark].tasks)

    def _no_split(self) -> Iterator[str]:
        yield from one_of("split", self.split, BENCHMARKS[self.benchmark].splits)

    def _impossible(self) -> Iterator[str]:
        geometry = architecture(self.costs).geometry
        yield from each(lambda r: get_method(self.method).full(r, geometry), [self.r])
