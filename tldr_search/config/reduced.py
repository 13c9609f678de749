"""The settings of commands that run one schedule."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator
from dataclasses import dataclass

from tldr_search.config.rules import Rule, each
from tldr_search.config.settings import Settings
from tldr_search.reducers import get_method
from tldr_search.schedule import parse_schedule


@dataclass(frozen=True)
class ReducedSettings(Settings, ABC):
    """A method and its schedule."""

    method: str = "none"
    """How tokens are reduced."""
    schedule: str = ""
    """Tokens removed per layer (per group and stage for STA), e.g. 600,200,100; empty: none."""

    @property
    def r(self) -> tuple[int, ...]:
        """`schedule` as numbers."""
        return parse_schedule(self.schedule) if self.schedule else ()

    def _reduction_rules(self) -> Iterator[Rule]:
        yield Rule("method", each(get_method, [self.method], "method: "))
        yield Rule("schedule", each(parse_schedule, [self.schedule] * bool(self.schedule)))
        yield Rule("schedule", self._impossible(), needs=("method", *self._counted))

    def _impossible(self) -> Iterator[str]:
        yield from each(lambda r: get_method(self.method).full(r, self.counted.geometry), [self.r])
