"""Finished studies that are shown together, and what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tldr_search.cost import UNITS
from tldr_search.report.words import metric_name
from tldr_search.study.result import Result

SEEDS = frozenset({"seed", "name"})
"""Settings that may differ between runs that are averaged."""


class Run(NamedTuple):
    """One finished study."""

    label: str
    """Name of its directory; no two runs of a comparison have the same one."""
    path: Path
    result: Result
    settings: Mapping[str, object]
    """What it was made with, as far as it decides what is found."""


class Panel(NamedTuple):
    """What runs must have in common for their scores and costs to be of the same thing."""

    benchmark: str
    task: str
    objective: str
    report_split: str
    model: str
    cost_model: str
    overrides: tuple[tuple[str, int], ...]
    """Of what is counted."""
    evaluated_overrides: tuple[tuple[str, int], ...]
    """Of what ran."""
    unit: str

    @property
    def backbone(self) -> str:
        """`umt-mini, cost of umt-b`."""
        return ", ".join([self._ran, *self._costs])

    @property
    def _ran(self) -> str:
        """`videomae-b`; `videomae-b (frames 8)` where another architecture is counted."""
        own = (self.model, self.evaluated_overrides) == (self.cost_model, self.overrides)
        return self.model if own or not self.evaluated_overrides else f"{self.model} ({', '.join(_words(self.evaluated_overrides))})"

    @property
    def _costs(self) -> list[str]:
        """What is counted, where it is not the model as it is."""
        twin = [] if self.model == self.cost_model else [f"cost of {self.cost_model}"]
        return [*twin, *_words(self.overrides)]

    @property
    def test(self) -> str:
        """`msrvtt, text-to-video R@1, test split`."""
        return f"{self.benchmark}, {metric_name(self.objective)}, {self.report_split} split"

    @property
    def measure(self) -> str:
        """What tells two tests of one backbone apart, besides their name."""
        return f"{self.test}, {self.task}, {UNITS[self.unit]}"

    @property
    def title(self) -> str:
        """`umt-b on msrvtt`; `umt-mini on demo, cost of umt-b`."""
        return ", ".join([f"{self._ran} on {self.benchmark}", *self._costs])


def _words(overrides: tuple[tuple[str, int], ...]) -> list[str]:
    return [f"{name.replace('_', ' ')} {value}" for name, value in overrides]


def panel_of(result: Result) -> Panel:
    """That in which a run is shown."""
    return Panel(
        benchmark=result.benchmark,
        task=result.task,
        objective=result.objective,
        report_split=result.report_split,
        model=result.model,
        cost_model=result.cost_model,
        overrides=tuple(sorted(result.overrides.items())),
        evaluated_overrides=tuple(sorted(result.evaluated_overrides.items())),
        unit=result.unit,
    )


def differ_by_seed_only(a: Run, b: Run) -> bool:
    """Whether they may be averaged: one panel, and the same study, as far as it is known, but for its seed."""
    return bool(a.settings and b.settings) and _study(a) == _study(b) and panel_of(a.result) == panel_of(b.result)


def _study(run: Run) -> tuple[object, ...]:
    """All that was chosen of it, the seed left out."""
    found = run.result
    settings = {name: value for name, value in run.settings.items() if name not in SEEDS}
    shape = {(p.method, round(p.budget, 6)) for p in (*found.winners, *found.baselines)}
    return (settings, found.checkpoint, found.budget, dict(found.constraints), found.search_split, found.same_split, shape)


def same_samples(a: Run, b: Run) -> bool:
    """Whether outcomes can be paired: the unreduced model is right on the same samples, and what is known of the data is the same."""
    contents = ("content of annotations", "content of videos")
    differ = any(name in a.settings and name in b.settings and a.settings[name] != b.settings[name] for name in contents)
    return not differ and a.result.base.sampled == b.result.base.sampled
