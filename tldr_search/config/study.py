"""The settings of `study`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tldr_search.config import ladder
from tldr_search.config.budgeted import BudgetSettings
from tldr_search.config.objectives import LABEL_FREE, OBJECTIVES, task_of
from tldr_search.config.paths import expanded
from tldr_search.config.rules import WHERE, Rule, at_least, each, one_of
from tldr_search.config.settings import PROCESSES
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.names import brief

SAMPLERS = ("trajectory", "tpe", "gp", "cmaes", "nsgaii", "random")
"""What may propose schedules; ours first, then Optuna's."""
LONGEST_NAME = 128
"""Bytes: with the budget behind it, a directory's name."""
_APART = "two that share no clip, or --allow-same-split, would be accepted"


@dataclass(frozen=True)
class StudyConfig(BudgetSettings):
    """What to search, on what, under which budget."""

    name: str = "demo"
    """Name of the run."""
    objective: str = "t2v_r1"
    """Rate that is maximised; without labels agreement (the same answer as unreduced) or fidelity (how near it is to that)."""
    task: str | None = None
    """retrieval, classification, question-answering or base-to-novel; by default that of the objective, or what the benchmark is for."""
    search_split: str = "search"
    """Split on which schedules are chosen."""
    report_split: str = "report"
    """Split on which the winners are measured again; the search never sees it."""
    allow_same_split: bool = False
    """Whether both may be the same clips: scores are then too good, and the report says so."""
    trials: int = 8
    """Schedules per method at the budget."""
    rung_trials: int = 1
    """Schedules per method at every other rung of the ladder."""
    seed: int = 0
    """Seed of the search."""
    sampler: str = "trajectory"
    """trajectory (our own), or Optuna's tpe, gp, cmaes, nsgaii or random."""
    probes: bool = True
    """Whether single layers are probed for how much they bear, before the search."""
    parts: tuple[str, ...] = ("25%", "50%")
    """Parts of the search split after which a schedule that is worse may be stopped; none: never."""
    alpha: float = 0.05
    """Chance, over all looks at a schedule, of stopping one that is as good as the best."""
    patience: int = 20
    """Trials without a significant gain after which the search at a budget ends; 0: never."""
    shown_clips: int = 3
    """Clips of the report split on which the report shows what was removed; 0: none."""
    workers: int | None = None
    """Processes on this machine; by default one for each GPU, or one."""
    storage: str | None = None
    """Where trials are kept, if not in the run: postgresql://, mysql:// or sqlite:// databases, a journal (PATH.log), or grpc://HOST:PORT."""
    out: str | None = None
    """Directory of the run; by default runs/NAME-BUDGET."""

    @property
    def measures(self) -> str:
        """`task`, or that of the objective."""
        return self.task or task_of(self.objective, self.benchmark, self.model)

    @property
    def splits(self) -> tuple[str, ...]:
        """The split of the search, and that of the report."""
        return (self.search_split, self.report_split)

    @property
    def directory(self) -> Path:
        """Where the run lives."""
        return expanded(self.out) if self.out else Path("runs") / f"{self.name}-{self.budget.replace('%', 'pct')}"

    @property
    def part_shares(self) -> tuple[float, ...]:
        """`parts` of the search split, in (0, 1)."""
        return ladder.shares(self.parts)

    def _own_rules(self) -> Iterator[Rule]:
        yield Rule("name", self._bad_name())
        yield Rule("task", one_of("task", self.task, OBJECTIVES))
        yield Rule("task", self._other_task(), needs=("benchmark",))
        yield Rule("objective", one_of("objective", self.objective, (*chain(*OBJECTIVES.values()), *LABEL_FREE)))
        yield Rule("objective", self._not_offered(), needs=("benchmark", "task"))
        for field in ("search_split", "report_split"):
            yield Rule(field, self._no_split(field), needs=("benchmark",))
        yield Rule("report_split", self._same_split(), needs=("search_split", "allow_same_split"))
        yield Rule("report_split", self._same_file(), needs=("search_split", "allow_same_split", *WHERE))
        yield from self._method_rules()
        yield Rule("sampler", one_of("sampler", self.sampler, SAMPLERS))
        for field, smallest in (("trials", 1), ("rung_trials", 1), ("seed", 0), ("patience", 0), ("shown_clips", 0)):
            yield Rule(field, at_least(field, getattr(self, field), smallest))
        if self.workers is not None:
            yield Rule("workers", at_least("workers", self.workers, 1, PROCESSES))
        yield Rule("parts", each(ladder.shares, [self.parts]))
        yield Rule("alpha", self._no_chance())
        yield from self._budget_rules()

    def _bad_name(self) -> Iterator[str]:
        size = len(self.name.encode("utf-8", "surrogateescape"))
        if not self.name.strip() or "/" in self.name or not self.name.isprintable() or size > LONGEST_NAME:
            accepted = f"a name of at most {LONGEST_NAME} bytes, without slashes and line breaks, would be accepted"
            yield f"name: {brief(self.name)}; {accepted}"

    def _other_task(self) -> Iterator[str]:
        yield from one_of("task", self.task, BENCHMARKS[self.benchmark].tasks)

    def _not_offered(self) -> Iterator[str]:
        tasks = [self.task] if self.task else BENCHMARKS[self.benchmark].tasks
        yield from one_of("objective", self.objective, (*chain.from_iterable(OBJECTIVES.get(task, ()) for task in tasks), *LABEL_FREE))

    def _same_split(self) -> Iterator[str]:
        if self.search_split == self.report_split and not self.allow_same_split:
            yield f"search_split and report_split are both {self.search_split!r}; {_APART}"

    def _same_file(self) -> Iterator[str]:
        search, report = (self.source(split).annotations.resolve() for split in self.splits)
        if search == report and search.is_file() and not self.allow_same_split:
            yield f"search_split and report_split are both {search}; {_APART}"

    def _no_chance(self) -> Iterator[str]:
        if not 0 < self.alpha < 1:
            yield f"alpha: {self.alpha}; a chance between 0 and 1, e.g. 0.05, would be accepted"
