"""The settings of commands that run one schedule."""

from __future__ import annotations

import dataclasses
from abc import ABC
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from tldr_search import winners
from tldr_search.backbones.chosen import Chosen, chosen, following
from tldr_search.config.paths import expanded
from tldr_search.config.rules import Rule, each
from tldr_search.config.settings import Settings
from tldr_search.reducers import Method, get_method
from tldr_search.schedule import Schedule, parse_schedule


@dataclass(frozen=True)
class ReducedSettings(Settings, ABC):
    """A method and its schedule."""

    method: str = "none"
    """How tokens are reduced; with a best.yaml by default its best method."""
    schedule: str = ""
    """Tokens removed per layer (per group and stage for STA), e.g. 600,200,100, or the best.yaml of a study; empty: none."""

    @cached_property
    def reduction(self) -> Chosen:
        """Method and schedule as numbers, in the counts of what is counted."""
        if self.schedule_file:
            return chosen(self.counted, self.method, expanded(self.schedule))
        return Chosen(self.method, parse_schedule(self.schedule) if self.schedule else ())

    @property
    def r(self) -> Schedule:
        """`schedule` as numbers."""
        return self.reduction.schedule

    @property
    def schedule_file(self) -> str | None:
        """The `best.yaml` in the place of a schedule, if there is one."""
        return self.schedule if winners.is_file(self.schedule) else None

    def in_numbers(self) -> Self:
        """The same settings with what a `best.yaml` says in its place."""
        if not self.schedule_file:
            return self
        method = get_method(self.reduction.method)
        return dataclasses.replace(self, method=method.spec, schedule=",".join(map(str, self._shortest(method))))

    def _shortest(self, method: Method) -> Schedule:
        """Without the zeros at the end, as it would be typed; but STA takes a single r to be the same at all stages."""
        geometry, entries = self.counted.geometry, self.r
        while len(entries) > 1 and method.full(entries[:-1], geometry) == method.full(self.r, geometry):
            entries = entries[:-1]
        return entries

    def _reduction_rules(self) -> Iterator[Rule]:
        yield Rule("method", each(get_method, [self.method], "method: "))
        if self.schedule_file:
            yield Rule("schedule", each(lambda _: self.reduction, [self.schedule]), needs=("method", *self._counted))
        else:
            yield Rule("schedule", each(parse_schedule, [self.schedule] * bool(self.schedule)))
        yield Rule("schedule", self._impossible(), needs=("method", *self._counted))

    def _impossible(self) -> Iterator[str]:
        yield from each(lambda r: following(self.reduction.method, r).full(r, self.counted.geometry), [self.r])
